"""Standard streams that cannot make a command fail: closed, full, or unable to show a character."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO


def make_safe() -> None:
    """Replace closed streams by /dev/null, and characters that a stream cannot encode by question marks."""
    nothing = Path(os.devnull)
    sys.stdin = sys.stdin or nothing.open(encoding="utf-8")
    sys.stdout = sys.stdout or nothing.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nothing.open("w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def put(stream: TextIO, text: str) -> str:
    """Write a text; the reason if that failed, but "" if its reader has gone away (`| head`), as it may.

    After a failure the stream leads to /dev/null, so that Python does not fail once more when it exits.
    """
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
    except (OSError, ValueError) as error:
        _discard(stream)
        return (error.strerror if isinstance(error, OSError) else None) or str(error)
    return ""


def _discard(stream: TextIO) -> None:
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def is_plain() -> bool:
    """Whether the terminal knows neither colours nor cursor movements, by TERM."""
    return os.environ.get("TERM", "dumb") in ("", "dumb")
