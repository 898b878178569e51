"""A template and its scope -> text, and on demand the origin of each piece of text.

Files without `{{ {% {#` are returned unchanged. Files with plain placeholders only (`{{ name }}`,
`{{ env_var('X') }}`) are filled in here, with the same result as Jinja2 but without its import. Others use Jinja2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deployer.authoring.text.bounds import MAX_TEXT
from deployer.authoring.text.encoding import failure
from deployer.authoring.text.scalars import is_cut, whole_scalars
from deployer.authoring.text.scope import Scope, ScopeError
from deployer.authoring.text.sourcemap import Locate, Segment, by_segments, same_place
from deployer.authoring.text.spec_lines import comment_lines, spec_lines
from deployer.authoring.text.templates import OPENING, PLAIN, RESERVED, Templates, in_free_text, unguarded
from deployer.core.diagnostics import Diagnostic, Location, Severity
from deployer.core.errors import SpecError
from deployer.core.secret_marks import TAKEN, has_marks

PLACEHOLDER = re.compile(
    r"\{\{\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<call>env_var|secret)\(\s*(?P<args>(?:'[^'\\\n]*'|\"[^\"\\\n]*\")(?:\s*,\s*(?:'[^'\\\n]*'|\"[^\"\\\n]*\"))?)\s*\))"
    r"\s*\}\}"
)
LITERAL = re.compile(r"'([^']*)'|\"([^\"]*)\"")
JINJA_WORDS = frozenset(
    ("true", "false", "none", "True", "False", "None", "not", "and", "or", "if", "else", "in", "is", "self", "loop")
)

ODD_BRACES = frozenset(("template-undefined", "template-syntax", "template-error"))
AS_TEXT = (
    "If this is text, put it between {% raw %} and {% endraw %}, or make the whole file plain with the line "
    "`x-template: false`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The rendered text of one file; `locate` returns None if the source map is unreliable."""

    file: str
    text: str
    locate: Locate

    def line(self, number: int) -> str:
        """One line of the rendered text."""
        lines = self.text.split("\n")
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def render(source: str, file: str, templates: Templates) -> Rendered:
    """Render one template of a run. Raises SpecError with the place in the template."""
    if not OPENING.search(source) or PLAIN.search(source):
        return Rendered(file=file, text=source, locate=same_place(file))
    if RESERVED.search(source):
        raise failure("template-error", "the characters U+FF000 to U+FF003 cannot be used", Location(file=file))
    if has_marks(source):
        raise failure("template-error", TAKEN, Location(file=file))
    templates.add(file, source)
    template = templates.sources[file]
    try:
        return _substituted(template, file, templates.scope) or _by_jinja(template, file, templates)
    except SpecError as error:
        raise SpecError([_with_way_out(item, file, template) for item in error.diagnostics]) from None


def statements_in_comments(source: str, file: str) -> list[Diagnostic]:
    """A warning for each comment with a `{%`: it is executed, since what it begins may end outside of the comment."""
    if "{%" not in source or PLAIN.search(source):
        return []
    lines = source.split("\n")
    return [
        Diagnostic(
            severity=Severity.WARNING,
            code="template-in-comment",
            summary="this comment holds a statement of the template, which is executed",
            location=Location(file=file, line=number, column=lines[number - 1].index("{%") + 1),
            detail="Take the `#` away, or the statement.",
        )
        for number in sorted(comment_lines(source))
        if "{%" in lines[number - 1]
    ]


def _with_way_out(item: Diagnostic, file: str, template: str) -> Diagnostic:
    """A diagnostic about braces in free text with what to do when these are text: that they are is as likely."""
    if item.code not in ODD_BRACES or item.location.file != file:
        return item
    line = next((line for line in spec_lines(template) if line.number == item.location.line), None)
    return replace(item, detail=f"{AS_TEXT} {item.detail}".strip()) if line and in_free_text(line.path) else item


def _by_jinja(template: str, file: str, templates: Templates) -> Rendered:
    from deployer.authoring.text.jinja_process import render_apart

    text = unguarded(render_apart(file, template, templates))
    return Rendered(file=file, text=text, locate=by_segments(lambda: _traced(file, templates, text)))


def _traced(file: str, templates: Templates, text: str) -> Sequence[Segment] | None:
    from deployer.authoring.text.jinja_process import trace_apart

    return trace_apart(file, templates, text)


def _substituted(template: str, file: str, scope: Scope) -> Rendered | None:
    """The template with its placeholders filled in; None if that needs Jinja2, or if there is an error to report."""
    matches = list(PLACEHOLDER.finditer(template))
    if [match.start() for match in OPENING.finditer(template)] != [match.start() for match in matches]:
        return None
    values = [_plain_value(match, scope) for match in matches]
    if None in values:
        return None
    known = [value for value in values if value is not None]
    if sum(map(len, known)) > MAX_TEXT or _is_cut(template, matches, known):
        return None
    pieces = _literals(template, matches)
    text = "".join(piece + value for piece, value in zip(pieces, [*known, ""], strict=True))
    return Rendered(
        file=file, text=unguarded(text), locate=by_segments(lambda: _segments(file, pieces, matches, known))
    )


def _is_cut(template: str, matches: Sequence[re.Match[str]], values: Sequence[str]) -> bool:
    """Whether YAML would read a value otherwise where it stands: for Jinja2 to say."""
    starts = [match.start() for match, value in zip(matches, values, strict=True) if is_cut(value)]
    lines = {template.count("\n", 0, start) + 1 for start in starts}
    return bool(lines) and not lines.isdisjoint(whole_scalars(template))


def _literals(template: str, matches: Sequence[re.Match[str]]) -> list[str]:
    """The text before, between and after the placeholders."""
    starts = [0, *(match.end() for match in matches)]
    ends = [*(match.start() for match in matches), len(template)]
    return [template[start:end] for start, end in zip(starts, ends, strict=True)]


def _plain_value(match: re.Match[str], scope: Scope) -> str | None:
    """The value of a placeholder as in Jinja2; None if only Jinja2 can evaluate it."""
    name = match["name"]
    if name is None:
        return _called(match["call"], match["args"], scope)
    head, *rest = name.split(".")
    if head in JINJA_WORDS or head not in scope.variables:
        return None
    value: Any = scope.variables[head]
    for part in rest:
        if not isinstance(value, Mapping) or part not in value or hasattr(value, part):
            return None
        value = value[part]
    return None if isinstance(value, Mapping | list) else str(value)


def _called(function: str, args: str, scope: Scope) -> str | None:
    values = [single or double for single, double in LITERAL.findall(args)]
    if function in scope.variables or (function == "secret" and len(values) > 1):
        return None
    try:
        return str(scope.secret(values[0]) if function == "secret" else scope.env_var(*values))
    except ScopeError:
        return None


def _segments(
    file: str, pieces: Sequence[str], matches: Sequence[re.Match[str]], values: Sequence[str]
) -> list[Segment]:
    """The origin of each line of each literal piece, and of each value."""
    segments: list[Segment] = []
    out, source = (1, 1), (1, 1)
    for index, piece in enumerate(pieces):
        for number, _ in enumerate(piece.split("\n")):
            first = number == 0
            origin = Location(file=file, line=source[0] + number, column=source[1] if first else 1)
            segments.append(Segment(line=out[0] + number, column=out[1] if first else 1, origin=origin))
        out, source = _after(out, piece), _after(source, piece)
        if index < len(values):
            origin = Location(file=file, line=source[0], column=source[1])
            segments.append(Segment(line=out[0], column=out[1], origin=origin, literal=False))
            out, source = _after(out, values[index]), _after(source, matches[index][0])
    return segments


def _after(place: tuple[int, int], text: str) -> tuple[int, int]:
    """The line and column after a text that begins at a place."""
    lines = text.count("\n")
    if not lines:
        return place[0], place[1] + len(text)
    return place[0] + lines, len(text) - text.rfind("\n")
