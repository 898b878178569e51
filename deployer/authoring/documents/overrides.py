"""`--set a.b=c`: values from the command line, for templates and for fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deployer.authoring.documents.document import FieldPath
from deployer.authoring.text.scalars import resolve
from deployer.authoring.text.suggest import did_you_mean
from deployer.core.errors import UsageError
from deployer.core.fields import schema_name, schema_of
from deployer.core.resources import Kind
from deployer.kinds import DOCUMENTS

Override = tuple[tuple[str, ...], Any]


def parse_overrides(texts: Sequence[str]) -> tuple[Override, ...]:
    """`a.b=c` as (("a", "b"), value). Raises UsageError if there is no `=` or no name before it."""
    return tuple(_parsed(text) for text in texts)


def _parsed(text: str) -> Override:
    name, equals, value = text.partition("=")
    parts = tuple(name.split("."))
    if not equals or not all(parts):
        raise UsageError(f"--set {text} is not of the form name=value.", hint="Write --set instance_count=2.")
    return parts, resolve(value)


def with_overrides(variables: Mapping[str, Any], overrides: Sequence[Override]) -> dict[str, Any]:
    """Template variables with all overrides applied, including those meant for fields."""
    result = dict(variables)
    for path, value in overrides:
        _put(result, path, value)
    return result


def for_fields(variables: Mapping[str, Any], overrides: Sequence[Override]) -> tuple[Override, ...]:
    """The overrides that also set fields: those whose first name is not a variable in the env file."""
    return tuple(item for item in overrides if item[0][0] not in variables)


def check_used(overrides: Sequence[Override], variables: Mapping[str, Any], templates: Iterable[str]) -> None:
    """Raise UsageError for an override that changes nothing: no variable, no field, and in no template."""
    fields = {name for kind in DOCUMENTS for name in schema_of(schema_name(kind))["properties"]}
    texts = tuple(templates)
    for (name, *_), _ in overrides:
        used = any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for text in texts)
        if name not in variables and name not in fields and not used:
            known = sorted({*variables, *fields})
            hint = did_you_mean(name, known) or "Name a variable of the env file, or a field such as instance_count."
            raise UsageError(f"--set {name}: there is neither a variable nor a field of that name.", hint=hint)


def overlaid(kind: Kind, data: dict[str, Any], overrides: Sequence[Override]) -> list[FieldPath]:
    """Apply overrides to the fields of a document, if its kind has them; returns the written paths."""
    known = schema_of(schema_name(kind))["properties"]
    written: list[FieldPath] = []
    for path, value in overrides:
        if path[0] in known:
            _put(data, path, value)
            written.append(path)
    return written


def _put(data: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set a nested value, copying the maps on the way."""
    *way, last = path
    for part in way:
        inner = data.get(part)
        data[part] = dict(inner) if isinstance(inner, dict) else {}
        data = data[part]
    data[last] = value
