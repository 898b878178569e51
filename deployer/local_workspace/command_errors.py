"""Failures of a command that its user can do something about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class CommandError(Exception):
    """Something the user has to know: one sentence with the way out."""


@contextmanager
def one_sentence(what: str) -> Iterator[None]:
    """Turn what the operating system says into a sentence for the user."""
    try:
        yield
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        problem = f"cannot {what}: {error.strerror or error}{place}"
        raise CommandError(f"{problem}; free some disk space or check the permissions") from error
