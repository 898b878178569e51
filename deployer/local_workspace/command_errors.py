"""Failures of a command that its user can do something about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class CommandError(Exception):
    """A command failed; the text is one sentence for its user: what happened, and how to fix it."""


@contextmanager
def os_errors_explained(what: str) -> Iterator[None]:
    """Turn an OSError in this block into one sentence; `what` is the thing that failed, such as "`up`"."""
    try:
        yield
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        problem = f"{what} failed: {error.strerror or error}{place}"
        raise CommandError(f"{problem}; free some disk space or check the permissions") from error
