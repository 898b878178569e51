"""Bytes of a file -> text, or a diagnostic with the first invalid byte."""

from __future__ import annotations

from pathlib import Path

from deployer.core.diagnostics import Diagnostic, Location, Severity
from deployer.core.errors import SpecError

MAX_BYTES = 1_000_000
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def failure(code: str, summary: str, place: Location, detail: str = "") -> SpecError:
    """A SpecError with one diagnostic, for text that cannot be processed further."""
    return SpecError([Diagnostic(severity=Severity.ERROR, code=code, summary=summary, location=place, detail=detail)])


def read_text(path: Path, file: str) -> str:
    """The text of a file with line ends as `\\n`; `file` is its name in diagnostics.

    Raises SpecError if the file is unreadable, over 1 MB, or not UTF-8.
    """
    raw = _read_bytes(path, file).removeprefix(BYTE_ORDER_MARK)
    try:
        return raw.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise failure(
            "file-encoding",
            f"byte {error.start + 1} (0x{raw[error.start]:02x}) is not UTF-8",
            _place(raw, error.start, file),
            "Save the file as UTF-8.",
        ) from None


def _read_bytes(path: Path, file: str) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            summary = f"the file has {size:,} bytes; the limit is {MAX_BYTES:,}"
            raise failure(
                "file-size", summary, Location(file=file), "If it is not a spec, move it out of the specs folder."
            )
        return path.read_bytes()
    except OSError as error:
        raise failure("file-unreadable", f"cannot be read: {error.strerror}", Location(file=file)) from None


def _place(raw: bytes, offset: int, file: str) -> Location:
    """The line and column of a byte; columns count decoded characters."""
    before = raw[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    line = before.rpartition(b"\n")[2].decode("utf-8", errors="replace")
    return Location(file=file, line=before.count(b"\n") + 1, column=len(line) + 1)
