"""Values that still wait to be filled in, in any field: said once, in place of what else is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deployer.authoring.documents.check_schema import shown
from deployer.authoring.documents.document import Document, Fault, FieldPath, dotted
from deployer.core.diagnostics import Severity
from deployer.core.fields import is_free_text, schema_name
from deployer.core.placeholders import may_have, placeholder_as_text, placeholder_in, sounds_unfilled

CODE = "placeholder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfilled:
    """A value to be filled in, as a warning; `certain` by its syntax, in a field with a form that cannot mean it."""

    fault: Fault
    certain: bool


def placeholders(document: Document) -> Iterator[Unfilled]:
    """Every value that still waits to be filled in."""
    if document.kind is None or not (document.overridden or may_have(document.rendered.text)):
        return
    for path, value in _texts(document.data, ()):
        if not may_have(value) or str(path[0]).startswith(("x-", "$")):
            continue
        free = is_free_text(schema_name(document.kind), path)
        found = placeholder_as_text(value) if free else placeholder_in(value)
        if found or (not free and sounds_unfilled(value)):
            yield Unfilled(fault=_fault(path, found or value), certain=bool(found) and not free)


def _fault(path: FieldPath, found: str) -> Fault:
    return Fault(
        path=path,
        code=CODE,
        summary=f"{shown(found)} in `{dotted(path)}` looks like an unfilled placeholder",
        detail=f"Write the value, or a variable `{{{{ name }}}}`, or pass --set {dotted(path)}=….",
        severity=Severity.WARNING,
    )


def _texts(value: Any, path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    """Every text; a map of one key in capitals and no value is `{NAME}` without quotes."""
    match value:
        case str():
            yield path, value
        case dict() if path and list(value.values()) == [None] and next(iter(value)).isupper():
            yield path, f"{{{next(iter(value))}}}"
        case dict():
            for key, item in value.items():
                yield from _texts(item, (*path, key))
        case list():
            for index, item in enumerate(value):
                yield from _texts(item, (*path, index))
