"""HTTP/1.1 to a unix socket, streamed both ways; one connection for each request, as the inference server closes it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import h11

Headers = list[tuple[bytes, bytes]]
CHUNK = 64 * 1024


class UpstreamLost(Exception):
    """The server ended the connection before it had answered, or its answer is not HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamRequest:
    """A request; its `headers` (names in lower case) give the length of the body."""

    method: str
    target: str
    headers: Headers
    body: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamResponse:
    status: int
    headers: Headers
    body: AsyncIterator[bytes]


class Connection:
    """A unix socket read and written by the event loop itself; streams and transports would cost more than the rest."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where nobody listens; BlockingIOError where too many wait to be accepted."""
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise

    async def write(self, content: bytes) -> None:
        if content:
            await self._loop.sock_sendall(self._socket, content)

    async def read(self) -> bytes:
        """The next piece; empty at the end."""
        return await self._loop.sock_recv(self._socket, CHUNK)

    def close(self) -> None:
        self._socket.close()


@asynccontextmanager
async def exchange(path: Path, request: UpstreamRequest) -> AsyncIterator[UpstreamResponse]:
    """Send a request to the socket at `path` and give the answer once its headers are here.

    Raises OSError where nobody listens, UpstreamLost where the answer breaks off.
    """
    connection = Connection(path)
    try:
        await _send(request, connection)
        yield await _answer(request, connection)
    except (ConnectionResetError, BrokenPipeError, EOFError, ValueError, h11.RemoteProtocolError) as error:
        raise UpstreamLost(str(error)) from error
    finally:
        connection.close()


async def _send(request: UpstreamRequest, connection: Connection) -> None:
    lines = [f"{request.method} {request.target} HTTP/1.1\r\n".encode("latin-1")]
    lines += [b"%b: %b\r\n" % header for header in request.headers]
    pending = b"".join((*lines, b"connection: close\r\n\r\n"))
    chunked = any(name == b"transfer-encoding" for name, _ in request.headers)
    async for chunk in request.body:
        await connection.write(pending + (b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk))
        pending = b""
    await connection.write(pending + (b"0\r\n\r\n" if chunked else b""))


async def _answer(request: UpstreamRequest, connection: Connection) -> UpstreamResponse:
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        piece = await connection.read()
        if not piece or len(received) > CHUNK:
            raise EOFError("no answer")
        received += piece
    status, headers, length = _read_head(received[:end])
    if length is None:
        return await _unusual(request, received, connection)
    return UpstreamResponse(status=status, headers=headers, body=_sized_body(received[end + 4 :], length, connection))


def _read_head(head: bytes) -> tuple[int, Headers, int | None]:
    """Status, headers and the length of the body; None where that is not simply given.

    By hand, because h11 alone costs a quarter of the whole front door; what is not simple is left to h11.
    """
    status_line, *lines = head.split(b"\r\n")
    headers = []
    length = None
    for line in lines:
        name, _, value = line.partition(b":")
        headers.append((name.lower(), value.strip()))
        if name.lower() == b"content-length":
            length = int(value)
    status = int(status_line[9:12])
    return status, headers, length if status >= 200 else None


async def _sized_body(piece: bytes, length: int, connection: Connection) -> AsyncIterator[bytes]:
    while True:
        if piece:
            yield piece
        length -= len(piece)
        if length <= 0:
            return
        piece = await connection.read()
        if not piece:
            raise EOFError("the answer ended too early")


async def _unusual(request: UpstreamRequest, received: bytes, connection: Connection) -> UpstreamResponse:
    """An answer in chunks, or up to the end of the connection, or after an informational one."""
    parser = h11.Connection(our_role=h11.CLIENT)
    parser.send(h11.Request(method=request.method, target=request.target, headers=[(b"host", b"localhost")]))
    parser.send(h11.EndOfMessage())
    parser.receive_data(received)
    while isinstance(event := await _event(parser, connection), h11.InformationalResponse):
        pass
    if not isinstance(event, h11.Response):
        raise EOFError("no answer")
    body = _parsed_body(parser, connection)
    return UpstreamResponse(status=event.status_code, headers=list(event.headers), body=body)


async def _parsed_body(parser: h11.Connection, connection: Connection) -> AsyncIterator[bytes]:
    while isinstance(event := await _event(parser, connection), h11.Data):
        yield bytes(event.data)


async def _event(parser: h11.Connection, connection: Connection) -> object:
    while (event := parser.next_event()) is h11.NEED_DATA:
        parser.receive_data(await connection.read())
    return event
