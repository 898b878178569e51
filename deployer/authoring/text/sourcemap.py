"""From a place in rendered text back to the template's own file, line and column."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deployer.core.diagnostics import Location


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Segment:
    """A piece of rendered text from this place to the next segment or the end of the line; it comes from `origin`.

    The columns of `literal` text advance with those of its origin; a value's origin is its opening braces.
    """

    line: int
    column: int
    origin: Location
    literal: bool = True


Locate = Callable[[int, int], Location | None]


def same_place(file: str) -> Locate:
    """The source map of a file without a template."""
    return lambda line, column: Location(file=file, line=line, column=column)


def by_segments(segments: Callable[[], Sequence[Segment] | None]) -> Locate:
    """A source map with segments computed on first use; it returns None if they are unreliable."""
    made: list[Sequence[Segment] | None] = []

    def locate(line: int, column: int) -> Location | None:
        if not made:
            made.append(segments())
        return None if made[0] is None else _find(made[0], line, column)

    return locate


def _find(segments: Sequence[Segment], line: int, column: int) -> Location | None:
    """The origin of a place: of the last segment before it on its line, else the next one there, else the nearest."""
    if not segments:
        return None
    index = bisect_right(segments, (line, column), key=lambda item: (item.line, item.column)) - 1
    found = segments[max(index, 0)]
    if found.line != line and index + 1 < len(segments) and segments[index + 1].line == line:
        found = segments[index + 1]
    origin = found.origin
    if found.line != line or not found.literal:
        return origin
    return Location(file=origin.file, line=origin.line, column=max(1, origin.column + column - found.column))
