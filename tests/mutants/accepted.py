"""Faults that no test can notice because they are none, each with the reason: `accepted.txt`.

An entry is five lines and an empty one: file, function, what stands there, what stood there instead, the reason. It is
known by its text and not by its line, so it stays when code around it moves, and is of no use once the code is another.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "accepted.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One fault that is none."""

    file: str
    scope: str
    before: str
    after: str
    reason: str


def accepted(text: str | None = None) -> tuple[Accepted, ...]:
    """All of them, or those of a text."""
    blocks = (FILE.read_text(encoding="utf-8") if text is None else text).strip().split("\n\n")
    return tuple(_entry(block.split("\n")) for block in blocks if block and not block.startswith("#"))


def _entry(lines: list[str]) -> Accepted:
    file, scope, before, after, reason = lines
    return Accepted(file=file, scope=scope, before=before, after=after, reason=reason)
