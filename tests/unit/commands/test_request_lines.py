"""--debug: what is shown of requests, and what never is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import urllib3

from deployer.commands.request_lines import requests_shown, without_signature

LOGGER = logging.getLogger("urllib3.connectionpool")


class Refuses(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_error(418, "hush")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Refuses) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def send(url: str) -> None:
    urllib3.request("PUT", url, headers={"Authorization": "Bearer hush"}, body=b"hush")


def test_an_answered_request_is_one_line_without_headers_body_and_signature(address: str) -> None:
    lines: list[str] = []
    level = LOGGER.level
    with requests_shown(lines.append), requests_shown(lines.append):
        send(f"{address}/a/b?api-version=1&sig=hush&comp=block")
    send(f"{address}/unseen")
    (line,) = lines
    assert line[12:] == f" PUT 418 {address}/a/b?api-version=1&comp=block"
    assert LOGGER.level == level
    assert LOGGER.handlers == []


def test_a_request_without_an_answer_is_named_with_the_kind_of_its_error() -> None:
    lines: list[str] = []
    with requests_shown(lines.append), pytest.raises(urllib3.exceptions.MaxRetryError):
        urllib3.PoolManager(retries=urllib3.Retry(1, backoff_factor=0)).request("GET", "http://127.0.0.1:9/a?sig=hush")
    (line,) = lines
    assert line[12:] == " no answer, trying again (NewConnectionError): /a"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/x?sv=1&sr=b&sig=a%2Bb&se=2026", "/x"),
        ("/x?restype=container&comp=list&sig=1", "/x?restype=container&comp=list"),
        ("https://a.example/x?code=secret#fragment", "https://a.example/x#fragment"),
    ],
)
def test_a_signature_is_no_part_of_what_is_shown(url: str, shown: str) -> None:
    assert without_signature(url) == shown
