"""Bodies for scoring requests: a JSON file unchanged, or a picture in the format of the digit example."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from deployer.core.errors import UsageError
from deployer.core.intent import SmokeTest


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
