"""HTTP over a unix socket, with servers that answer in every way there is, and in some there should not be."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.local_workspace.serving.relay import UpstreamLost, UpstreamRequest, exchange


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def post(*chunks: bytes, chunked: bool = False) -> UpstreamRequest:
    length = (b"transfer-encoding", b"chunked") if chunked else (b"content-length", b"%d" % sum(map(len, chunks)))
    headers = [(b"host", b"localhost"), length]
    return UpstreamRequest(method="POST", target="/score", headers=headers, body=pieces(*chunks))


async def ask(answer: list[bytes], request: UpstreamRequest) -> tuple[int, bytes, bytes]:
    """Status, body and what the server was sent, when it answers with these pieces and closes."""
    received = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"chunked" in head:
            body = await reader.readuntil(b"0\r\n\r\n")
        else:
            body = await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
        received.set_result(head + body)
        for piece in answer:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()

    with tempfile.TemporaryDirectory(prefix="r") as folder:
        path = Path(folder) / "s"
        async with await asyncio.start_unix_server(serve, path):
            async with exchange(path, request) as given_answer:
                body = b"".join([chunk async for chunk in given_answer.body])
            return given_answer.status, body, await received


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (OK, 200, b"hello"),
        (b"HTTP/1.1 500 Internal Server Error\r\ncontent-length:  0\r\n\r\n", 500, b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", 200, b"hello"),
        (b"HTTP/1.0 200 OK\r\n\r\nup to the end", 200, b"up to the end"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"hello"),
    ],
)
def test_every_kind_of_answer_in_pieces_of_every_size(answer: bytes, status: int, body: bytes) -> None:
    for size in (1, 7, len(answer)):
        cut = [answer[start : start + size] for start in range(0, len(answer), size)]
        assert asyncio.run(ask(cut, post(b"{}")))[:2] == (status, body)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: some\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"x" * 200_000,
    ],
)
def test_a_broken_answer_is_a_lost_upstream(answer: bytes) -> None:
    with pytest.raises(UpstreamLost):
        asyncio.run(ask([answer], post(b"{}")))


def test_nobody_there_is_an_oserror() -> None:
    async def body() -> None:
        async with exchange(Path("/nonexistent/socket"), post()):
            pass

    with pytest.raises(FileNotFoundError):
        asyncio.run(body())


@settings(max_examples=25, deadline=None)
@given(chunks=st.lists(st.binary(min_size=1, max_size=300), max_size=6), chunked=st.booleans())
def test_a_body_arrives_as_it_was_sent(chunks: list[bytes], chunked: bool) -> None:
    _, _, received = asyncio.run(ask([OK], post(*chunks, chunked=chunked)))
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.endswith(b"connection: close")
    if not chunked:
        assert body == b"".join(chunks)
        return
    taken = b""
    while size := int(body.partition(b"\r\n")[0], 16):
        rest = body.partition(b"\r\n")[2]
        taken, body = taken + rest[:size], rest[size + 2 :]
    assert taken == b"".join(chunks)
