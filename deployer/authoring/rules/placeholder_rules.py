"""Values that still wait to be filled in, in any field: said once, in place of what else is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deployer.authoring.documents.document import Document, Fault, FieldPath, dotted
from deployer.core.diagnostics import Severity
from deployer.core.fields import is_free_text, schema_name
from deployer.core.placeholders import may_have, placeholder_as_text, placeholder_in, sounds_unfilled

CODE = "placeholder"


def placeholders(document: Document) -> Iterator[Fault]:
    """A warning for each; the ones in fields with a form, whose syntax makes them certain, are `on` their value."""
    if document.kind is None or not (document.overridden or may_have(document.rendered.text)):
        return
    for path, value in _texts(document.data, ()):
        if not may_have(value) or str(path[0]).startswith(("x-", "$")):
            continue
        free = is_free_text(schema_name(document.kind), path)
        found = placeholder_as_text(value) if free else placeholder_in(value)
        if found or (not free and sounds_unfilled(value)):
            yield Fault(
                path=path,
                code=CODE,
                summary=f"`{found or value}` in `{dotted(path)}` looks like an unfilled placeholder",
                detail=f"Write the value, or a variable `{{{{ name }}}}`, or pass --set {dotted(path)}=….",
                severity=Severity.WARNING,
            )


def is_certain(document: Document, fault: Fault) -> bool:
    """Whether what `placeholders` found cannot be meant: it stands in a field with a form."""
    value = document.get(*fault.path)
    text = next(iter(value)) if isinstance(value, dict) else value
    free = document.kind is None or is_free_text(schema_name(document.kind), fault.path)
    return not free and (isinstance(value, dict) or bool(placeholder_in(str(text))))


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
