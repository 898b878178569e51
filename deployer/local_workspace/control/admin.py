"""Admin routes that Azure does not have, with their own key: faults, quota and the lifetime of tokens."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.resources.core_quota import limits, set_limits
from deployer.local_workspace.control.state.faults import InvalidFault
from deployer.local_workspace.files.private_files import secret_in

KEY_HEADER = "x-local-admin-key"
_Change = Callable[[ServerContext, Any], object]


def routes(context: ServerContext) -> list[Route]:
    """The admin routes: GET shows, POST adds or sets, DELETE clears."""
    return [
        _route(context, "GET", "/admin/faults", lambda at, _: [fault.as_json() for fault in at.faults.active]),
        _route(context, "POST", "/admin/faults", _add_fault),
        _route(context, "DELETE", "/admin/faults", _clear),
        _route(context, "GET", "/admin/quota", lambda at, _: limits(at.store)),
        _route(context, "PUT", "/admin/quota", _set_quota),
        _route(context, "PUT", "/admin/tokens", _set_tokens),
        _route(context, "GET", "/admin/scored", lambda at, _: {"scored": at.log.scored}),
    ]


def _route(context: ServerContext, method: str, path: str, change: _Change) -> Route:
    async def respond(request: Request) -> Response:
        given = request.headers.get(KEY_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret_in(context.home.admin_key).encode()):
            return JSONResponse(
                {"error": f"the header {KEY_HEADER} must hold the key in {context.home.admin_key}"}, 401
            )
        try:
            body = await request.body()
            return JSONResponse(change(context, json.loads(body) if body else {}))
        except (InvalidFault, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)

    respond_typed: Callable[[Request], Awaitable[Response]] = respond
    return Route(path, respond_typed, methods=[method])


def _add_fault(context: ServerContext, body: Any) -> object:
    if not isinstance(body, dict):
        raise InvalidFault("a fault must be a JSON object")
    return context.faults.add(body).as_json()


def _clear(context: ServerContext, _: Any) -> object:
    """Remove faults and quota, let hanging operations continue, and make tokens valid for a day again."""
    context.faults.clear()
    set_limits(context.store, {})
    context.tokens.set_lifetime(None)
    return []


def _set_quota(context: ServerContext, body: Any) -> object:
    """Body: {FAMILY: cores}."""
    if not isinstance(body, dict) or not all(isinstance(cores, int) and cores >= 0 for cores in body.values()):
        raise InvalidFault('quota must be a JSON object of VM families and cores, such as {"standardDSv2Family": 8}')
    set_limits(context.store, body)
    return limits(context.store)


def _set_tokens(context: ServerContext, body: Any) -> object:
    """Body: {"lifetime": seconds} for new tokens, {"expire": true} for those issued so far."""
    if not isinstance(body, dict) or not set(body) <= {"lifetime", "expire"}:
        raise InvalidFault('tokens takes {"lifetime": SECONDS} and {"expire": true}')
    if "lifetime" in body:
        context.tokens.set_lifetime(int(body["lifetime"]))
    if body.get("expire"):
        context.tokens.expire()
    return {}
