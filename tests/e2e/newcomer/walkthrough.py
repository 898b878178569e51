"""A page of documentation as something to follow: the files it shows, the commands it types, and what they print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
ANY = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that the reader writes."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A command that the reader types, and the lines that follow it on the page."""

    command: str
    output: tuple[str, ...]


def moves(page: str) -> Iterator[File | Typed]:
    """What a reader does, in order."""
    for language, title, text in _BLOCK.findall(page):
        if title:
            yield File(name=title, text=text)
        elif language == "console":
            yield from (_typed(part) for part in re.split(r"^\$ ", text, flags=re.MULTILINE) if part)


def _typed(part: str) -> Typed:
    command, _, output = part.partition("\n")
    return Typed(command=command, output=tuple(output.rstrip("\n").splitlines()))


def is_as_shown(printed: Sequence[str], shown: Sequence[str]) -> bool:
    """Whether printed lines are those of a page, in which a line "…" is any lines, and one inside a line any text."""
    lines = ["(?:.*\n)*?" if line == ANY else f"{ANY_TEXT.join(map(re.escape, line.split(ANY)))}\n" for line in shown]
    return re.fullmatch("".join(lines), "".join(f"{line}\n" for line in printed)) is not None


ANY_TEXT = r"[^\n]*"
