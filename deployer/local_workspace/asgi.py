"""The entrance: every request to the https port goes from here to the front door or to the control plane."""

from __future__ import annotations

import asyncio
import hmac
import json
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from deployer.local_workspace.blob.addresses import ACCOUNT
from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.refusals import INVALID_TOKEN
from deployer.local_workspace.control.request import Reply, encoded
from deployer.local_workspace.control.routes import refusal
from deployer.local_workspace.control.state.faults import InjectedFault
from deployer.local_workspace.files.private_files import secret_in

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_SCORING = "/inference/"
_OWN_ACCESS = (f"/{ACCOUNT}/", "/admin/")


class Dispatcher:
    """An ASGI application: applies faults, passes scoring to the front door and the rest to the control plane."""

    def __init__(self, context: ServerContext, control_plane: App, front_door: App) -> None:
        self._context, self._control_plane, self._front_door = context, control_plane, front_door
        self._token = secret_in(context.home.token).encode()
        self.connections: Collection[Any] = ()
        """The open connections of the server, for the fault that resets one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        scoring = scope["path"].startswith(_SCORING)
        if scoring:
            self._context.log.scored += 1
        else:
            send = self._logged(scope, send)
        if self._context.faults.active and await self._apply_faults(scope, send):
            return
        if scoring:
            await self._front_door(scope, receive, send)
        elif self._is_authorised(scope):
            await self._control_plane(scope, receive, send)
        else:
            await _answer(send, refusal(ArmRefused(INVALID_TOKEN)))

    def _logged(self, scope: Scope, send: Send) -> Send:
        """The same `send`, with a line in the log before the response starts."""
        begun = time.perf_counter()
        query = scope["query_string"].decode("latin-1")
        path = scope["path"] + (f"?{query}" if query else "")

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._context.log.add(scope["method"], path, message.get("status"), time.perf_counter() - begun)
                if message.get("status") is None:
                    return
            await send(message)

        return sending

    def _is_authorised(self, scope: Scope) -> bool:
        if scope["path"].startswith(_OWN_ACCESS):
            return True
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        kind, _, token = given.partition(b" ")
        return kind.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token)

    async def _apply_faults(self, scope: Scope, send: Send) -> bool:
        """Apply the faults for this request; True where they answer it."""
        if scope["path"].startswith("/admin/"):
            return False
        for fault in self._context.faults.take(scope["method"], scope["path"]):
            await asyncio.sleep(fault.delay_ms / 1_000)
            if fault.reset:
                if not scope["path"].startswith(_SCORING):
                    await send({"type": "http.response.start", "status": None})
                await self._cut(scope)
                return True
            if fault.status is not None:
                await _answer(send, _status(fault))
                return True
            if fault.operation:
                scope["local.operation_fault"] = {"kind": fault.operation, "code": fault.code, "message": fault.message}
            if fault.stale:
                scope["local.stale"] = True
            if fault.overlap:
                scope["local.overlap"] = True
            if fault.metrics:
                scope["local.metrics"] = fault.metrics
        return False

    async def _cut(self, scope: Scope) -> None:
        """Reset the connection of this request instead of answering."""
        for connection in self.connections:
            if connection.client == scope["client"]:
                plain = connection.transport.get_extra_info("socket")
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.transport.abort()
        await asyncio.sleep(0.01)


def _status(fault: InjectedFault) -> Reply:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    error = {"code": fault.code or "InjectedFault", "message": fault.message}
    return Reply(status=fault.status or 500, body={"error": error}, headers=headers)


async def _answer(send: Send, reply: Reply) -> None:
    content, headers = encoded(reply)
    headers["Content-Length"] = str(len(content))
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": lines})
    await send({"type": "http.response.body", "body": content})


async def alive_app(scope: Scope, _receive: Receive, send: Send) -> None:
    """What the plain port answers when there is no page."""
    if scope["type"] != "http":
        return
    content = json.dumps({"alive": True}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})
