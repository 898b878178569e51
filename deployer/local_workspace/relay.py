"""HTTP/1.1 to a unix socket, streamed both ways; one connection for each request, as the inference server closes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import h11

Headers = list[tuple[bytes, bytes]]
CHUNK = 64 * 1024


class UpstreamLost(Exception):
    """The server ended the connection before it had answered, or its answer is not HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Headers
    body: AsyncIterator[bytes]


@asynccontextmanager
async def exchange(
    socket: Path, method: str, target: str, headers: Iterable[tuple[bytes, bytes]], body: AsyncIterator[bytes]
) -> AsyncIterator[Answer]:
    """Send a request and give the answer once its headers are here. `headers` say how long the body is.

    Raises OSError where nobody listens, UpstreamLost where the answer breaks off.
    """
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        connection = h11.Connection(our_role=h11.CLIENT)
        request = h11.Request(method=method, target=target, headers=[*headers, (b"connection", b"close")])
        pending = connection.send(request) or b""
        async for chunk in body:
            writer.write(pending + (connection.send(h11.Data(data=chunk)) or b""))
            pending = b""
            await writer.drain()
        writer.write(pending + (connection.send(h11.EndOfMessage()) or b""))
        response = await _event(connection, reader)
        while isinstance(response, h11.InformationalResponse):
            response = await _event(connection, reader)
        if not isinstance(response, h11.Response):
            raise UpstreamLost("no answer")
        yield Answer(status=response.status_code, headers=list(response.headers), body=_body(connection, reader))
    except (ConnectionResetError, BrokenPipeError, h11.RemoteProtocolError) as error:
        raise UpstreamLost(str(error)) from error
    finally:
        writer.close()


async def _body(connection: h11.Connection, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while isinstance(event := await _event(connection, reader), h11.Data):
        yield bytes(event.data)


async def _event(connection: h11.Connection, reader: asyncio.StreamReader) -> object:
    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await reader.read(CHUNK))
    return event
