"""Convert scalars to their types in the schema: text as written, and quoted numbers to numbers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from deployer.authoring.documents.document import FieldPath, at
from deployer.authoring.text.parse import Parsed
from deployer.authoring.text.scalars import BOOLEANS, FLOAT, INTEGER
from deployer.core.fields import Schema, schema_of

Pattern = tuple[str, ...]
ITEM = "[]"


@cache
def _patterns(name: str) -> tuple[tuple[Pattern, str], ...]:
    """The paths of all scalar fields of a schema that need conversion, with their types."""
    return tuple(_walk(schema_of(name), ()))


def _walk(node: Schema, pattern: Pattern) -> Iterator[tuple[Pattern, str]]:
    kind = "text" if node.get("x-text") else node.get("type")
    if kind in ("text", "integer", "number", "boolean"):
        yield pattern, str(kind)
    inside = node.get("then", node) if "if" in node and pattern else node
    for key, child in inside.get("properties", {}).items():
        yield from _walk(child, (*pattern, key))
    for key, wildcard in (("additionalProperties", "*"), ("items", ITEM)):
        if isinstance(inside.get(key), dict):
            yield from _walk(inside[key], (*pattern, wildcard))


def as_declared(name: str, data: dict[str, Any], parsed: Parsed) -> None:
    """Convert the scalars of a document to the types in its schema, in place, where that is exact.

    An entry without a value in a map of texts, such as a variable or a tag, is left out: Azure gets none, as from `az`.
    """
    for pattern, kind in _patterns(name):
        for path in _matches(data, pattern, ()):
            holder, value = at(data, path[:-1]), at(data, path)
            if kind == "text" and value is None and pattern[-1] == "*":
                del holder[path[-1]]
            else:
                holder[path[-1]] = _converted(value, kind, parsed, path)


def _matches(data: Any, pattern: Pattern, path: FieldPath) -> Iterator[FieldPath]:
    if not pattern:
        yield path
        return
    head, rest = pattern[0], pattern[1:]
    if head == ITEM:
        items = enumerate(data) if isinstance(data, list) else ()
        for index, item in items:
            yield from _matches(item, rest, (*path, index))
    elif isinstance(data, dict):
        for key in list(data) if head == "*" else [head] if head in data else []:
            yield from _matches(data[key], rest, (*path, key))


def _converted(value: Any, kind: str, parsed: Parsed, path: FieldPath) -> Any:
    match kind, value:
        case "text", dict() | list() | str() | None:
            return value
        case "text", _:
            source = parsed.sources.get(path)
            return str(value) if source is None else source
        case "integer", str() if INTEGER.fullmatch(value):
            return int(value)
        case "number", str() if FLOAT.fullmatch(value):
            return float(value)
        case "boolean", str() if value in BOOLEANS:
            return BOOLEANS[value]
    return value


def leading_zeros(name: str, data: dict[str, Any], parsed: Parsed) -> Iterator[FieldPath]:
    """The paths of plain numerals with a leading zero, except in text fields."""
    if parsed.zeros:
        texts = {path for pattern, kind in _patterns(name) if kind == "text" for path in _matches(data, pattern, ())}
        yield from (path for path in parsed.zeros if path not in texts)
