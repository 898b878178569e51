"""Check a document against its JSON Schema, and explain each violation as a fault.

Uses jsonschema-rs, which starts in a sixth of the time of `jsonschema`; tests compare the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import jsonschema_rs

from deployer.authoring.documents.document import Fault, FieldPath, dotted
from deployer.authoring.text.suggest import did_you_mean, nearest
from deployer.core.compute import NOT_EVERYWHERE, compute_of
from deployer.core.fields import Schema, schema_name, schema_of
from deployer.kinds import DOCUMENTS, KINDS

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
RENAMED: Mapping[str, str] = {"local_path": "path", "resource_requirements": "resources"}
"""Names that fields had in earlier formats, by https://learn.microsoft.com/azure/machine-learning/how-to-migrate-from-v1."""
SHORT = 6
"""Characters of a key up to which a name must be more similar: among short words many are."""


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
    known = _writable(node.get("properties", {}), instance)
    for key in instance:
        if key not in node.get("properties", {}):
            where = f" in `{dotted(path)}`" if path else ""
            hint = _meant(key, known, instance) or ("" if path else _home_of(key)) or _allowed(known, instance)
            yield Fault(
                path=(*path, key),
                on_key=True,
                code="unknown-field",
                summary=f"unknown field `{key}`{where}",
                detail=hint,
            )


def _writable(properties: Mapping[str, Schema], instance: Mapping[str, Any]) -> list[str]:
    """The fields that make sense here: not those that Azure alone writes, nor those of the other kind of compute."""
    here = compute_of(instance)
    elsewhere = {name for compute, names in NOT_EVERYWHERE.items() if compute is not here for name in names}
    return [name for name, node in properties.items() if not node.get("x-read-only") and name not in elsewhere]


def _meant(key: str, known: Sequence[str], instance: Mapping[str, Any]) -> str:
    """What a misspelt key stands for: a field by its old name, one of a similar name, or one that is there already."""
    if (renamed := RENAMED.get(key)) in known:
        return f"Did you mean `{renamed}`?"
    similar = nearest(key, known, cutoff=0.6 if len(key) > SHORT else 0.7)
    if similar and similar[0] in instance:
        return f"Remove it: there is a `{similar[0]}` already."
    return f"Did you mean `{similar[0]}`?" if similar else ""


def _home_of(key: str) -> str:
    """Where a field belongs that the other kinds of specs have."""
    homes = [kind for kind in DOCUMENTS if key in schema_of(schema_name(kind))["properties"]]
    return f"`{key}` is a field of {' and '.join(KINDS[kind].noun for kind in homes)}." if homes else ""


def _allowed(known: Sequence[str], instance: Mapping[str, Any]) -> str:
    shown = [name for name in known if name not in instance and not name.startswith(("$", "x-"))]
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
        return _instead_of(instance)
    return f"Write {_names(node)}."


def _instead_of(instance: Mapping[str, Any] | Sequence[Any]) -> str:
    """What to write for a map or a list in place of text, told by what is in it."""
    values = list(instance.values()) if isinstance(instance, dict) else list(instance)
    texts = [value for value in values if isinstance(value, str)]
    if not values or texts != values:
        return "Quote text that starts with { or [."
    return f"Write the text alone: {_cut(texts[0])}." if len(texts) == 1 else "Write one text."


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
    hint = (
        _for_reference(instance) or str(node.get("x-hint", "")) if _is_reference(node) else str(node.get("x-hint", ""))
    )
    return Fault(path=path, code=str(node.get("x-code", code)), summary=f"`{dotted(path)}` {predicate}", detail=hint)


def _is_reference(node: Schema) -> bool:
    return node.get("x-code") == "reference-format"


def _for_reference(instance: Any) -> str:
    """What is meant by a text in place of a reference: a file, which is not possible, or one without `azureml:`."""
    text = str(instance)
    if text.lower().endswith((".yml", ".yaml")):
        return "A file cannot be named here: write its fields in its place, or a reference azureml:<name>:<version>."
    name, mark, version = text.partition("@") if "@" in text else text.rpartition(":")
    plain = name and version and not text.startswith(("azureml", "/", "."))
    return f"Did you mean `azureml:{name}{mark}{version}`?" if plain and "/" not in text else ""


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
            return f"`{_cut(value)}`" if value else '""'
    return str(value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
