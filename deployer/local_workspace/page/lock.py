"""The page opens for who knows its key: loopback is open to every user of the machine, and the page shows logs.

As in Jupyter, the address that `status` prints carries the key once; a cookie keeps it. No log has it.
"""

from __future__ import annotations

import hmac

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

PARAMETER = "key"
CLOSED = "This page opens with its key: use the address that `deployer local status` prints.\n"


class Locked:
    """The page behind its key. Cookies belong to a host, not to a port: the port is part of the cookie's name."""

    def __init__(self, page: ASGIApp, key: str) -> None:
        self._page = page
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._page(scope, receive, send)
            return
        request = Request(scope)
        if self._is_key(request.cookies.get(_name(request), "")):
            await self._page(scope, receive, send)
            return
        answer = self._opened(request) if request.url.path == "/" else _closed()
        await answer(scope, receive, send)

    def _opened(self, request: Request) -> Response:
        given = request.query_params.get(PARAMETER, "")
        if not self._is_key(given):
            return _closed()
        answer = RedirectResponse("/", 303, headers={"cache-control": "no-store", "referrer-policy": "no-referrer"})
        answer.set_cookie(_name(request), given, httponly=True, samesite="lax")
        return answer

    def _is_key(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._key)


def _closed() -> Response:
    return PlainTextResponse(CLOSED, 403, headers={"cache-control": "no-store"})


def _name(request: Request) -> str:
    return f"deployer-page-{request.url.port}"
