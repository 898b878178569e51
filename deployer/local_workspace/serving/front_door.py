"""The front door of the endpoints: checks credentials and picks a deployment. A plain ASGI application."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from dataclasses import replace
from typing import Any

from deployer.local_workspace.ports import Route, Routes
from deployer.local_workspace.serving.counters import Traffic
from deployer.local_workspace.serving.forward import CallerGone, CallerResponse, Forwarder, Replicas, Send
from deployer.local_workspace.serving.headers import DEPLOYMENT, SERVER, FrontDoorRefused, Header, to_container
from deployer.local_workspace.serving.ledger import Ledger
from deployer.local_workspace.serving.relay import UpstreamLost, UpstreamRequest

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

OPERATIONS = ("score", "swagger.json")

LARGEST_BODY = 100 * 1024 * 1024
"""Bytes of a request. Azure documents no limit for managed endpoints; this one is assumed, and keeps memory safe."""


LARGEST_EXAMPLE = 16 * 1024
"""Bytes of a request that is kept to show how an endpoint is called."""


class FrontDoor:
    """Serves `/inference/<endpoint>/score` and `.../swagger.json` as a managed online endpoint does."""

    def __init__(
        self,
        routes: Routes,
        runtime: Replicas,
        *,
        ledger: Ledger | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`ledger` keeps what is counted; `chance` gives numbers from 0 up to but not including 1."""
        self._routes = routes
        self._forwarder = Forwarder(runtime, ledger or Ledger())
        self._chance = chance
        self._mirroring: set[asyncio.Task[None]] = set()
        self.examples: dict[str, bytes] = {}
        """The body of the last request to each endpoint that was answered 200, if it is short; in memory."""

    @property
    def traffic(self) -> Mapping[tuple[str, str], Traffic]:
        """Counts by (endpoint, deployment)."""
        return self._forwarder.traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            await self.serve(scope, receive, send, self._authorised)

    async def serve(
        self, scope: Scope, receive: Receive, send: Send, authorised: Callable[[Route, Mapping[bytes, bytes]], bool]
    ) -> None:
        """Answer one request; `authorised` looks at its headers."""
        reply = CallerResponse(send)
        try:
            await self._route(scope, receive, reply, authorised)
        except FrontDoorRefused as refused:
            await _refuse(refused, reply)
        except (CallerGone, TimeoutError, UpstreamLost):
            return  # nobody listens any more, or the answer breaks off in the middle: the server hangs up

    async def _route(
        self,
        scope: Scope,
        receive: Receive,
        reply: CallerResponse,
        authorised: Callable[[Route, Mapping[bytes, bytes]], bool],
    ) -> None:
        endpoint, operation = _target(scope["path"])
        headers = dict(scope["headers"])
        route = self._routes.route(endpoint)
        if route is None:
            raise FrontDoorRefused(404, f"Endpoint {endpoint!r} does not exist.")
        if not authorised(route, headers):
            # The words for keys: https://github.com/MicrosoftDocs/azure-docs/issues/98265; for tokens assumed.
            kind = "key" if route.auth_mode == "Key" else "token"
            raise FrontDoorRefused(401, f"{kind}_auth_access_denied")
        _check_size(int(headers.get(b"content-length", b"0") or 0))
        named = headers.get(DEPLOYMENT)
        deployment = _named(route, named) if named is not None else _by_traffic(route, self._chance())
        query, kept = scope["query_string"].decode("latin-1"), list[bytes]()
        request = UpstreamRequest(
            method=scope["method"],
            target=f"/{operation}?{query}" if query else f"/{operation}",
            headers=to_container(scope["headers"], reply.request_id),
            body=_body(receive, kept),
        )
        mirror = None if named is not None else _mirror(route, self._chance)
        if mirror is not None:
            request = await self._copy_to(mirror, route, request)
        await self._forwarder.forward(request, route.deployments[deployment], reply)
        if reply.status == 200 and kept:
            self.examples[endpoint] = b"".join(kept)

    def _authorised(self, route: Route, headers: Mapping[bytes, bytes]) -> bool:
        scheme, _, bearer = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        return scheme.lower() == "bearer" and self._routes.authorises(route.endpoint, bearer.strip())

    async def _copy_to(self, mirror: str, route: Route, request: UpstreamRequest) -> UpstreamRequest:
        """Send a copy to the mirror in the background; the request to go on with."""
        chunks = [chunk async for chunk in request.body]
        copy = asyncio.create_task(
            self._forwarder.mirror(replace(request, body=_again(chunks)), route.deployments[mirror])
        )
        self._mirroring.add(copy)
        copy.add_done_callback(self._mirroring.discard)
        return replace(request, body=_again(chunks))


def _target(path: str) -> tuple[str, str]:
    match path.split("/"):
        case ["", "inference", endpoint, operation] if operation in OPERATIONS:
            return endpoint.lower(), operation
    raise FrontDoorRefused(404, "Not Found")


def _named(route: Route, name: bytes) -> str:
    deployment = name.decode("latin-1").lower()
    if deployment not in route.deployments:
        raise FrontDoorRefused(404, f"Endpoint {route.endpoint!r} has no running deployment {deployment!r}.")
    return deployment


def _by_traffic(route: Route, chance: float) -> str:
    shares = {name: share for name, share in route.traffic.items() if share > 0 and name in route.deployments}
    left = chance * sum(shares.values())
    for name, share in shares.items():
        left -= share
        if left < 0:
            return name
    raise FrontDoorRefused(404, f"The endpoint {route.endpoint!r} has no valid deployment with positive weight.")


def _mirror(route: Route, chance: Callable[[], float]) -> str | None:
    for name, share in route.mirror_traffic.items():
        if name in route.deployments and chance() * 100 < share:
            return name
    return None


def _check_size(size: int) -> None:
    if size > LARGEST_BODY:
        raise FrontDoorRefused(413, f"The request body is larger than {LARGEST_BODY:,} bytes.")


async def _body(receive: Receive, kept: list[bytes]) -> AsyncIterator[bytes]:
    """The body as it arrives; `kept` has all of it, or nothing if it is longer than an example."""
    more, size = True, 0
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        more = message.get("more_body", False)
        if chunk := message.get("body", b""):
            size += len(chunk)
            _check_size(size)
            kept.append(chunk)
            if size > LARGEST_EXAMPLE:
                kept.clear()
            yield chunk


async def _again(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _refuse(refused: FrontDoorRefused, reply: CallerResponse) -> None:
    text = refused.text.encode()
    headers: list[Header] = [
        (b"content-type", b"text/plain"),
        (b"content-length", str(len(text)).encode()),
        (b"x-request-id", reply.request_id),
        *refused.headers,
        SERVER,
    ]
    await reply.begin(refused.status, headers)
    await reply.body(text, more=False)
