"""Routes of our own, behind a key of their own: faults, quota and the life of tokens. Azure has nothing like them."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deployer.local_workspace.control.resources.core_quota import limits, set_limits
from deployer.local_workspace.control.site import Site
from deployer.local_workspace.control.state.faults import WrongFault
from deployer.local_workspace.paths import secret_in

KEY_HEADER = "x-local-admin-key"
_Change = Callable[[Site, Any], object]


def routes(site: Site) -> list[Route]:
    """The admin routes: GET shows, POST adds or sets, DELETE clears."""
    return [
        _route(site, "GET", "/admin/faults", lambda at, _: [fault.shown() for fault in at.faults.laid]),
        _route(site, "POST", "/admin/faults", _lay),
        _route(site, "DELETE", "/admin/faults", _clear),
        _route(site, "GET", "/admin/quota", lambda at, _: limits(at.store)),
        _route(site, "PUT", "/admin/quota", _set_quota),
        _route(site, "PUT", "/admin/tokens", _set_tokens),
        _route(site, "GET", "/admin/scored", lambda at, _: {"scored": at.log.scored}),
    ]


def _route(site: Site, method: str, path: str, change: _Change) -> Route:
    async def respond(request: Request) -> Response:
        given = request.headers.get(KEY_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret_in(site.home.admin_key).encode()):
            return JSONResponse(
                {"error": f"the header {KEY_HEADER} does not hold the key in {site.home.admin_key}"}, 401
            )
        try:
            body = await request.body()
            return JSONResponse(change(site, json.loads(body) if body else {}))
        except (WrongFault, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)

    respond_typed: Callable[[Request], Awaitable[Response]] = respond
    return Route(path, respond_typed, methods=[method])


def _lay(site: Site, body: Any) -> object:
    if not isinstance(body, dict):
        raise WrongFault("a fault is a JSON object")
    return site.faults.add(body).shown()


def _clear(site: Site, _: Any) -> object:
    """All faults gone, hanging operations go on, no quota, tokens live a day again."""
    site.faults.clear()
    set_limits(site.store, {})
    site.tokens.set_lifetime(None)
    return []


def _set_quota(site: Site, body: Any) -> object:
    """Body: {FAMILY: cores}."""
    if not isinstance(body, dict) or not all(isinstance(cores, int) and cores >= 0 for cores in body.values()):
        raise WrongFault('quota is a JSON object of VM families and cores, such as {"standardDSv2Family": 8}')
    set_limits(site.store, body)
    return limits(site.store)


def _set_tokens(site: Site, body: Any) -> object:
    """Body: {"lifetime": seconds} for tokens from now on, {"expire": true} for those given out so far."""
    if not isinstance(body, dict) or not set(body) <= {"lifetime", "expire"}:
        raise WrongFault('tokens takes {"lifetime": SECONDS} and {"expire": true}')
    if "lifetime" in body:
        site.tokens.set_lifetime(int(body["lifetime"]))
    if body.get("expire"):
        site.tokens.expire()
    return {}
