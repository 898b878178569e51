"""Silence the SDK's output while it works, and set the environment variables that it reads.

The SDK prints dots for every poll and colour codes after uploads, and logs to stderr. Our other threads print
meanwhile, so the filter checks the writing thread: one inside `sdk_at_work`, or one that the SDK started.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

_lock = threading.Lock()
_silent = threading.local()
_depth = 0
_restore: dict[str, str | None] = {}
_POLLER = "LROPoller("


class _Filter(io.TextIOBase):
    """A stream that drops the output of threads that run the SDK, and passes on the rest."""

    def __init__(self, target: TextIO) -> None:
        self.target = target

    def write(self, text: str) -> int:
        return len(text) if _belongs_to_sdk() else self.target.write(text)

    def flush(self) -> None:
        self.target.flush()

    def isatty(self) -> bool:
        return self.target.isatty()

    def fileno(self) -> int:
        return self.target.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.target.encoding


def _belongs_to_sdk() -> bool:
    return getattr(_silent, "on", False) or threading.current_thread().name.startswith(_POLLER)


def silence() -> None:
    """Silence the SDK's loggers and warnings permanently."""
    for name in ("azure", "msrest", "msal"):
        logger = logging.getLogger(name)
        logger.setLevel(sys.maxsize)
        logger.propagate = False
    for name, known in list(logging.root.manager.loggerDict.items()):
        if name.startswith("azure.") and isinstance(known, logging.Logger):
            known.handlers.clear()
            known.setLevel(logging.NOTSET)
    for module in ("azure", "msrest", "marshmallow"):
        warnings.filterwarnings("ignore", module=rf"{module}\b.*")


@contextmanager
def sdk_at_work(settings: Mapping[str, str | None]) -> Iterator[None]:
    """Run calls of the SDK in this thread without output, and with `settings` in os.environ.

    None marks a variable that the SDK sets itself. Can be nested, and can overlap in many threads; the environment is
    restored when the last one has left.
    """
    _enter(settings)
    outer, _silent.on = getattr(_silent, "on", False), True
    try:
        yield
    finally:
        _silent.on = outer
        _leave()


def _enter(settings: Mapping[str, str | None]) -> None:
    global _depth
    with _lock:
        if _depth == 0:
            sys.stdout, sys.stderr = _Filter(sys.stdout), _Filter(sys.stderr)
        _depth += 1
        for name, value in settings.items():
            _restore.setdefault(name, os.environ.get(name))
            if value is not None:
                os.environ[name] = value


def _leave() -> None:
    global _depth
    with _lock:
        _depth -= 1
        if _depth:
            return
        for name, before in _restore.items():
            if before is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = before
        _restore.clear()
        sys.stdout, sys.stderr = _unfiltered(sys.stdout), _unfiltered(sys.stderr)


def _unfiltered(stream: TextIO) -> TextIO:
    """The stream behind our filter; any other stream is returned unchanged, even if it wraps our filter."""
    return stream.target if isinstance(stream, _Filter) else stream
