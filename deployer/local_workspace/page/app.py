"""The web page: endpoints, traffic, live plots, logs, and a tab to try a deployment. An ASGI application."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployer.local_workspace.page.lock import Locked
from deployer.local_workspace.ports import Container
from deployer.local_workspace.serving.counters import BOUNDS_MS, Traffic
from deployer.local_workspace.serving.front_door import FrontDoor
from deployer.local_workspace.serving.headers import DEPLOYMENT

FILES = Path(__file__).parent
SERVED = {
    "consume.js": "text/javascript",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "plots.js": "text/javascript",
    "try.js": "text/javascript",
}
TOKEN_HEADER = "x-page-token"  # noqa: S105 (a name, not a secret)
TOKENS_KEPT = 64
LONGEST_LOG = 2000

PROTECTION = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentView:
    """One deployment as the page shows it; shares in percent."""

    name: str
    state: str
    error: str | None
    traffic: int
    mirror: int
    model: str | None
    environment: str | None
    instance_type: str | None
    instance_count: int
    autoscale: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointView:
    name: str
    state: str
    auth_mode: str
    scoring_uri: str | None
    deployments: Sequence[DeploymentView]


class PageSource(Protocol):
    """What the page asks the control plane."""

    def workspace(self) -> str:
        """The name of the workspace."""

    def ca_file(self) -> str:
        """The certificate authority that callers of the endpoints have to trust."""

    def key(self, endpoint: str) -> str | None:
        """The primary key of an endpoint; None if there is no such endpoint, or it has no keys."""

    def endpoints(self) -> Sequence[EndpointView]:
        """Every endpoint, in the order to show."""

    def logs(self, endpoint: str, deployment: str, container: Container, tail: int) -> str:
        """The last `tail` lines of a container."""


class PageTokens:
    """One-time tokens that let the page score without a key; only what can read the page can know them."""

    def __init__(self) -> None:
        self._open: deque[str] = deque(maxlen=TOKENS_KEPT)

    def issue(self) -> str:
        token = secrets.token_urlsafe(24)
        self._open.append(token)
        return token

    def redeem(self, token: str) -> bool:
        """Use up a token; False where it is not open."""
        for known in self._open:
            if hmac.compare_digest(known.encode(), token.encode()):
                self._open.remove(known)
                return True
        return False


def page_app(source: PageSource, front_door: FrontDoor, key: str) -> ASGIApp:
    """The page behind its key, for plain http on loopback.

    It answers to no other Host, so that no name can be rebound to it.
    """
    tokens = PageTokens()

    async def index(_request: Request) -> Response:
        html = await asyncio.to_thread((FILES / "index.html").read_text, "utf-8")
        return HTMLResponse(html.replace("{token}", tokens.issue()), headers=PROTECTION)

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in SERVED:
            raise HTTPException(404)
        return FileResponse(FILES / name, media_type=SERVED[name], headers=PROTECTION)

    async def state(_request: Request) -> Response:
        return JSONResponse(_state(source, front_door), headers=PROTECTION)

    async def key_of(request: Request) -> Response:
        found = source.key(request.path_params["endpoint"])
        if found is None:
            raise HTTPException(404)
        return PlainTextResponse(found, headers=PROTECTION)

    async def logs(request: Request) -> Response:
        return PlainTextResponse(_logs(source, request), headers=PROTECTION)

    routes = [
        Route("/", index),
        Route("/page/{name}", file),
        Route("/state", state),
        Route("/key/{endpoint}", key_of),
        Route("/logs/{endpoint}/{deployment}/{container}", logs),
        Route("/try/{endpoint}", Trial(front_door, tokens), methods=["POST"]),
    ]
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"], www_redirect=False)
    return Starlette(routes=routes, middleware=[hosts, Middleware(Locked, key=key)])


class Trial:
    """Scores for the page: a one-time token stands in for the key, and the answer carries the next one."""

    def __init__(self, front_door: FrontDoor, tokens: PageTokens) -> None:
        self._front_door = front_door
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if not self._tokens.redeem(request.headers.get(TOKEN_HEADER, "")):
            refusal = PlainTextResponse("This page is out of date. Reload it.", 403, headers=PROTECTION)
            await refusal(scope, receive, send)
            return

        async def send_with_token(message: Message) -> None:
            if message["type"] == "http.response.start":
                next_token = (TOKEN_HEADER.encode(), self._tokens.issue().encode())
                message = {**message, "headers": [*message["headers"], next_token]}
            await send(message)

        kept = [header for header in scope["headers"] if header[0] in (b"content-type", b"content-length", DEPLOYMENT)]
        inner = {
            **scope,
            "path": f"/inference/{request.path_params['endpoint']}/score",
            "query_string": b"",
            "headers": kept,
        }
        await self._front_door.serve(inner, receive, send_with_token, lambda _route, _headers: True)


def _state(source: PageSource, door: FrontDoor) -> dict[str, Any]:
    return {
        "workspace": source.workspace(),
        "ca_file": source.ca_file(),
        "bounds_ms": BOUNDS_MS,
        "endpoints": [
            {
                **asdict(endpoint),
                "example": door.examples.get(endpoint.name.lower(), b"").decode(errors="replace"),
                "deployments": [
                    {**asdict(deployment), **_counts(door.traffic.get((endpoint.name, deployment.name), Traffic()))}
                    for deployment in endpoint.deployments
                ],
            }
            for endpoint in source.endpoints()
        ],
    }


def _counts(traffic: Traffic) -> dict[str, Any]:
    return {
        "requests": traffic.requests,
        "errors": traffic.errors,
        "mirrored": traffic.mirrored,
        "latencies": traffic.latencies,
    }


def _logs(source: PageSource, request: Request) -> str:
    names: dict[str, Container] = {"StorageInitializer": "StorageInitializer", "InferenceServer": "InferenceServer"}
    container = names.get(request.path_params["container"])
    tail = request.query_params.get("tail", "200")
    if container is None or not tail.isdecimal():
        raise HTTPException(404)
    endpoint, deployment = request.path_params["endpoint"], request.path_params["deployment"]
    known = {(each.name, every.name) for each in source.endpoints() for every in each.deployments}
    if (endpoint, deployment) not in known:
        raise HTTPException(404)
    return source.logs(endpoint, deployment, container, min(int(tail), LONGEST_LOG))
