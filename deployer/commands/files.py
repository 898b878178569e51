"""Files that the user names."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from deployer.core.errors import UsageError


def read_whole(file: Path) -> str:
    """The text of a file. Raises UsageError if it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} cannot be read: it is not UTF-8 text") from error


def check_writable(file: Path) -> None:
    """Raise UsageError if a file surely cannot be written, before the work whose result it is to hold."""
    if file.is_dir():
        raise UsageError(f"{file} cannot be written: it is a folder")
    if not file.absolute().parent.is_dir():
        raise UsageError(f"{file} cannot be written: there is no folder {file.parent}")


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, unless they are there. Raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}") from error


def write_whole(file: Path, text: str) -> None:
    """Write a file whole or not at all: an earlier one stays if that fails. Raises UsageError."""
    written = ""
    try:
        number, written = tempfile.mkstemp(dir=file.absolute().parent, prefix=f".{file.name}.")
        with os.fdopen(number, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(written).replace(file)
    except OSError as error:
        if written:
            with suppress(OSError):
                Path(written).unlink()
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
