"""The source map of a Jinja2 template, from a second rendering with marks in the template text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import jinja2
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from deployer.authoring.text.jinja import Fenced, run
from deployer.authoring.text.sourcemap import Segment
from deployer.authoring.text.templates import Templates, unguarded
from deployer.core.diagnostics import Location

START, END, ZERO = "\U000fe000", "\U000fe001", 0xFE010
MARK = re.compile(f"{START}([{chr(ZERO)}-{chr(ZERO + 9)}]+){END}")


class _Marks(Extension):
    """Puts a mark of private-use characters before each piece of template text and each expression."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """The tokens with marks; blank text stays unmarked, so that filters such as `indent` still see it."""
        marks: Marking = self.environment  # type: ignore[assignment]
        places = marks.pieces(stream.name or "")
        for token in stream:
            if token.type == "data":
                yield Token(token.lineno, "data", marks.marked(token.value, next(places)))
                continue
            if token.type == "variable_begin":
                yield Token(token.lineno, "data", marks.mark(next(places), literal=False))
            yield token


class Marking(Fenced):
    """The environment of the second rendering; `origins` are the places behind the marks, by number."""

    def __init__(self, templates: Templates) -> None:
        super().__init__(templates)
        self.origins: list[tuple[Location, bool]] = []
        self.add_extension(_Marks)

    def pieces(self, name: str) -> Iterator[Location]:
        """The start of each piece of text and each expression in a template, in order."""
        source, cursor, line = self.templates.source(name) or "", 0, 1
        for _, kind, value in self.lexer.tokeniter(source, name):
            found = source.index(value, cursor)
            line += source.count("\n", cursor, found)
            if kind in ("data", "variable_begin"):
                column = found - source.rfind("\n", 0, found)
                yield Location(file=name, line=line, column=column)
            line += value.count("\n")
            cursor = found + len(value)

    def mark(self, origin: Location, *, literal: bool) -> str:
        """A new mark for an origin."""
        self.origins.append((origin, literal))
        digits = "".join(chr(ZERO + int(digit)) for digit in str(len(self.origins) - 1))
        return f"{START}{digits}{END}"

    def marked(self, text: str, origin: Location) -> str:
        """Template text with a mark at the first visible character of each line."""
        lines = text.split("\n")
        return "\n".join(self._marked_line(line, number, origin) for number, line in enumerate(lines))

    def _marked_line(self, line: str, number: int, origin: Location) -> str:
        visible = line.lstrip()
        if not visible:
            return line
        blank = len(line) - len(visible)
        column = blank + (origin.column if number == 0 else 1)
        place = Location(file=origin.file, line=origin.line + number, column=column)
        return line[:blank] + self.mark(place, literal=True) + visible


def trace(file: str, templates: Templates, expected: str) -> Sequence[Segment] | None:
    """The segments of a rendered template; None if the marks changed its text, which makes them unreliable."""
    marking = Marking(templates)
    try:
        marked = run(marking.get_template(file), marking, {})
    except (jinja2.TemplateError, ValueError, TypeError, ArithmeticError, LookupError):
        return None
    segments, text = _read(unguarded(marked), marking.origins)
    return segments if text == expected else None


def _read(marked: str, origins: Sequence[tuple[Location, bool]]) -> tuple[list[Segment], str]:
    """The segments behind the marks in a text, and the text without marks."""
    segments: list[Segment] = []
    lines: list[str] = []
    for number, line in enumerate(marked.split("\n"), start=1):
        plain, cursor = "", 0
        for match in MARK.finditer(line):
            plain += line[cursor : match.start()]
            cursor = match.end()
            origin, literal = origins[int("".join(str(ord(digit) - ZERO) for digit in match[1]))]
            segments.append(Segment(line=number, column=len(plain) + 1, origin=origin, literal=literal))
        lines.append(plain + line[cursor:])
    return segments, "\n".join(lines)
