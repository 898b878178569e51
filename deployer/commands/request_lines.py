"""--debug: a line on stderr for every HTTP request, ours and the SDK's, without bodies, headers and signatures.

Both send their requests with urllib3, which logs each one with its answer
(https://urllib3.readthedocs.io/en/stable/advanced-usage.html#logging).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

_LOGGER = logging.getLogger("urllib3.connectionpool")
SHOWN = frozenset(["api-version", "comp", "restype"])
"""The parameters of a query that are shown; a signature of Azure storage is one too."""


class _Lines(logging.Handler):
    """Writes the records of answered requests, and of those that got no answer and are sent again."""

    def __init__(self, write: Callable[[str], object]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        match record.args:
            case (str(scheme), str(host), port, str(method), str(url), _, int(status), _):
                self._line(record, f"{method} {status} {scheme}://{host}:{port}{without_signature(url)}")
            case (_, Exception() as error, str(url)):
                self._line(record, f"no answer, trying again ({type(error).__name__}): {without_signature(url)}")

    def _line(self, record: logging.LogRecord, text: str) -> None:
        at = datetime.fromtimestamp(record.created, UTC)
        self._write(f"{at:%H:%M:%S}.{at.microsecond // 1000:03} {text}")


@contextmanager
def requests_shown(write: Callable[[str], object]) -> Iterator[None]:
    """In this context, `write` gets a line for each request. One context inside another shows nothing twice."""
    if any(isinstance(handler, _Lines) for handler in _LOGGER.handlers):
        yield
        return
    lines, level = _Lines(write), _LOGGER.level
    _LOGGER.addHandler(lines)
    _LOGGER.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        _LOGGER.removeHandler(lines)
        _LOGGER.setLevel(level)


def without_signature(url: str) -> str:
    """A URL with those parameters of its query that cannot be secret."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name in SHOWN]
    return parts._replace(query=urlencode(query)).geturl()
