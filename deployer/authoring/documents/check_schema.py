"""Check a document against its JSON Schema, and explain each violation as a fault.

Uses jsonschema-rs, which starts in a sixth of the time of `jsonschema`; tests compare the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import jsonschema_rs

from deployer.authoring.documents.document import Fault, FieldPath, dotted
from deployer.authoring.text.suggest import did_you_mean
from deployer.core.fields import Schema, schema_of

TYPE_NAMES: Mapping[str, str] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a map",
    "array": "a list",
    "null": "nothing",
}
MISLEADING_BOOLEANS: Mapping[str, str] = {"yes": "true", "on": "true", "no": "false", "off": "false"}
LONGEST_SHOWN = 60


@cache
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(dict(schema_of(name)))


def schema_faults(name: str, data: Any) -> Iterator[Fault]:
    """The violations of the schema `name` in a document."""
    validator = _validator(name)
    if validator.is_valid(data):
        return
    seen: set[tuple[FieldPath, str]] = set()
    for error in validator.iter_errors(data):
        keyword = str(error.schema_path[-1])
        path = tuple(error.instance_path)
        if (path, keyword) not in seen and keyword not in ("if", "then", "else"):
            seen.add((path, keyword))
            yield from _explained(name, keyword, path, error.instance, tuple(error.schema_path[:-1]))


def _explained(
    name: str, keyword: str, path: FieldPath, instance: Any, schema_path: Sequence[str | int]
) -> Iterator[Fault]:
    """The faults for one schema violation."""
    node = _node(schema_of(name), schema_path)
    match keyword:
        case "additionalProperties":
            yield from _unknown_fields(node, instance, path)
        case "required":
            yield from _missing_fields(node, instance, path)
        case "type":
            yield Fault(
                path=path, code="wrong-type", summary=_type_summary(path, node, instance), detail=_hint(node, instance)
            )
        case "anyOf" | "enum":
            yield _not_allowed(path, node, instance)
        case _:
            yield _limit(keyword, path, node, instance)


def _node(schema: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        schema = schema[part]
    return schema


def _unknown_fields(node: Schema, instance: Mapping[str, Any], path: FieldPath) -> Iterator[Fault]:
    known = node.get("properties", {})
    for key in instance:
        if key not in known:
            where = f" in `{dotted(path)}`" if path else ""
            free = [name for name in known if name not in instance]
            hint = did_you_mean(key, free) or _allowed(free)
            yield Fault(
                path=(*path, key),
                on_key=True,
                code="unknown-field",
                summary=f"unknown field `{key}`{where}",
                detail=hint,
            )


def _allowed(names: Sequence[str]) -> str:
    shown = [name for name in names if not name.startswith(("$", "x-"))]
    if not shown:
        return "Remove it: all possible fields are already set."
    return f"Possible fields: {', '.join(shown[:8])}{', …' if len(shown) > 8 else ''}."


def _missing_fields(node: Schema, instance: Mapping[str, Any], path: FieldPath) -> Iterator[Fault]:
    for key in node["required"]:
        if key not in instance:
            where = f" in `{dotted(path)}`" if path else ""
            described = node.get("properties", {}).get(key, {}).get("description", "")
            hint = f"{described.partition(' (source')[0].partition('. ')[0].rstrip('.')}." if described else ""
            yield Fault(
                path=path, on_key=bool(path), code="missing-field", summary=f"`{key}` is missing{where}", detail=hint
            )


def _type_summary(path: FieldPath, node: Schema, instance: Any) -> str:
    return f"`{dotted(path) or 'the file'}` is {shown(instance)}, not {_names(node)}"


def _names(node: Schema) -> str:
    """The allowed types of a field, for messages."""
    wanted = node["type"] if isinstance(node["type"], list) else [node["type"]]
    return " or ".join(TYPE_NAMES[name] for name in wanted if name != "null")


def _hint(node: Schema, instance: Any) -> str:
    if "x-hint" in node:
        return str(node["x-hint"])
    if node["type"] == "boolean" and str(instance).lower() in MISLEADING_BOOLEANS:
        return f"Write {MISLEADING_BOOLEANS[str(instance).lower()]}: YAML 1.2 only has true and false."
    if "string" in node["type"] and isinstance(instance, int | float):
        return f'Quote it: "{instance}".'
    if "string" in node["type"] and isinstance(instance, dict | list):
        return "Quote text that starts with { or [."
    return f"Write {_names(node)}."


def _not_allowed(path: FieldPath, node: Schema, instance: Any) -> Fault:
    options = node.get("enum") or node["anyOf"][0].get("enum", [])
    listed = ", ".join(str(option) for option in options)
    hint = did_you_mean(str(instance), options) or str(node.get("x-hint", ""))
    summary = f"`{dotted(path)}` is {shown(instance)}, not one of {listed}"
    return Fault(path=path, code="wrong-value", summary=summary, detail=hint)


LIMITS: Mapping[str, tuple[str, str]] = {
    "minimum": ("out-of-range", "is {value}, less than {limit}"),
    "exclusiveMinimum": ("out-of-range", "is {value}, not more than {limit}"),
    "maximum": ("out-of-range", "is {value}, more than {limit}"),
    "minLength": ("wrong-format", "is {value}, shorter than {limit} characters"),
    "maxLength": ("wrong-format", "is {value}, longer than {limit} characters"),
    "pattern": ("wrong-format", "is {value}, which has the wrong format"),
    "minItems": ("wrong-length", "has fewer than {limit} items"),
    "maxItems": ("wrong-length", "has more than {limit} items"),
    "maxProperties": ("wrong-length", "has more than {limit} entries"),
    "uniqueItems": ("wrong-length", "has a duplicate item"),
}


def _limit(keyword: str, path: FieldPath, node: Schema, instance: Any) -> Fault:
    code, words = LIMITS[keyword]
    predicate = words.format(value=shown(instance), limit=node[keyword])
    hint = str(node.get("x-hint", ""))
    return Fault(path=path, code=str(node.get("x-code", code)), summary=f"`{dotted(path)}` {predicate}", detail=hint)


def shown(value: Any) -> str:
    """A value, for messages."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a map"
        case list():
            return "a list"
        case str():
            text = value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…"
            return f"`{text}`" if text else '""'
    return str(value)
