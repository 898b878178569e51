"""Bodies for scoring requests: JSON unchanged, from anywhere, or a picture in the format of the digit example."""

from __future__ import annotations

import base64
import json
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import assert_never

from deployer.core.errors import UsageError
from deployer.core.intent import SmokeTest

STDIN = "-"
"""In the place of a file: what is piped in."""
PICTURES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"})


class From(StrEnum):
    """Where a body comes from."""

    IMAGE = "image"
    FILE = "file"
    TEXT = "text"
    STDIN = "stdin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a body comes from, and its file, or its text."""

    kind: From
    name: str = ""


def source_of(words: str) -> Source:
    """What a body typed on the command line means: "-" for the standard input, JSON, a picture, or a file of JSON.

    Raises UsageError for what is neither JSON nor a file.
    """
    if words == STDIN:
        return Source(kind=From.STDIN)
    if Path(words).suffix.lower() in PICTURES:
        return Source(kind=From.IMAGE, name=words)
    if _is_file(words):
        return Source(kind=From.FILE, name=words)
    try:
        json.loads(words)
    except ValueError as error:
        hint = "Pass JSON in quotes, the name of a file, or `-` for the standard input."
        raise UsageError(f"{words[:60]!r} is neither JSON nor a file", hint=hint) from error
    return Source(kind=From.TEXT, name=words)


def _is_file(words: str) -> bool:
    try:
        return Path(words).is_file()
    except OSError:  # too long for a name
        return False


def body_of(source: Source) -> bytes:
    """The bytes to send. Raises UsageError when a file cannot be read."""
    match source.kind:
        case From.IMAGE:
            return image_body(Path(source.name))
        case From.FILE:
            return request_body(Path(source.name))
        case From.TEXT:
            return source.name.encode()
        case From.STDIN:
            return sys.stdin.buffer.read()
    assert_never(source.kind)


def smoke_body(project: Path, test: SmokeTest) -> bytes:
    """The body of a smoke test, whose paths are relative to the project."""
    return image_body(project / test.image) if test.image else request_body(project / test.request)


def image_body(file: Path) -> bytes:
    """{"data": "<base64 of the file>"}. Raises UsageError when the file cannot be read."""
    return json.dumps({"data": base64.b64encode(request_body(file)).decode("ascii")}).encode()


def request_body(file: Path) -> bytes:
    """The bytes of a file. Raises UsageError when it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
