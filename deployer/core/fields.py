"""Fields: default, effect of a change and sensitivity, all read from schemas/*.schema.json."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, assert_never

from deployer.core.compute import Compute, compute_of
from deployer.core.resources import KeyPath, Kind, Value
from deployer.core.sealed import Sealed

Schema = Mapping[str, Any]

PACKAGED = Path(__file__).parents[1] / "schemas"
CHECKED_OUT = Path(__file__).parents[2] / "schemas"
SCHEMAS = ("endpoint", "deployment", "autoscale", "model", "environment", "env")
"""The schemas, by what they describe."""
IDENTIFYING = frozenset({"$schema", "name", "endpoint_name", "version"})
TRAFFIC = frozenset({"traffic", "mirror_traffic"})


class Effect(StrEnum):
    """The effect of changing a field on a running service."""

    METADATA = "metadata"
    SCALE = "scale"
    ROLLING = "rolling"
    IMMUTABLE = "immutable"
    ADD_ONLY = "add-only"
    TRAFFIC = "traffic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a kind: its path (`*` stands for any key of a map) and its properties from the schema."""

    path: KeyPath
    default: Value = None
    default_kubernetes: Value = None
    has_default: bool = False
    effect: Effect = Effect.ROLLING
    sensitive: bool = False
    read_only: bool = False
    description: str = ""

    def default_on(self, compute: Compute) -> Value:
        """The value of the field when a spec omits it."""
        match compute:
            case Compute.MANAGED:
                return self.default
            case Compute.KUBERNETES:
                return self.default_kubernetes
        assert_never(compute)


@cache
def schema_text(name: str) -> str:
    """The text of `<name>.schema.json`: in a wheel from `deployer/schemas`, in a checkout from the top level."""
    folder = PACKAGED if PACKAGED.is_dir() else CHECKED_OUT
    return (folder / f"{name}.schema.json").read_text(encoding="utf-8")


@cache
def schema_of(name: str) -> Schema:
    """The schema of "endpoint", "deployment", "model", "environment" or "env" with every `$ref` resolved."""
    return {**_inlined(_parsed(name), name)}


@cache
def _parsed(name: str) -> Schema:
    """The schema as written, with unresolved references."""
    return {**json.loads(schema_text(name))}


def _inlined(node: Any, name: str) -> Any:
    """A copy of a part of the schema `name` with references resolved (the schemas have no cycles)."""
    if isinstance(node, list):
        return [_inlined(item, name) for item in node]
    if not isinstance(node, dict):
        return node
    own = {key: _inlined(value, name) for key, value in node.items() if key not in ("$ref", "$defs")}
    return {**_target(node["$ref"], name), **own} if isinstance(node.get("$ref"), str) else own


def _target(ref: str, name: str) -> Any:
    """The target of `other.schema.json#/a/b` or `#/a/b`."""
    file, _, pointer = ref.partition("#/")
    home = file.removesuffix(".schema.json") or name
    node: Any = _parsed(home)
    for part in pointer.split("/"):
        node = node[part]
    return _inlined(node, home)


@cache
def fields_of(kind: Kind) -> Mapping[KeyPath, Field]:
    """Every field of a kind by its path ("tags", "*" for the keys of a map), read-only ones included.

    Excluded are the fields that name the resource, extension keys without an effect, and fields that are accepted but
    not deployed.
    """
    schema = schema_of(schema_name(kind))
    return {field.path: field for field in _fields(schema, ()) if _belongs(kind, field.path)}


def schema_name(kind: Kind) -> str:
    """The name of a kind's schema: traffic is part of the endpoint schema."""
    match kind:
        case Kind.ENDPOINT | Kind.TRAFFIC:
            return "endpoint"
        case Kind.DEPLOYMENT | Kind.MODEL | Kind.ENVIRONMENT | Kind.AUTOSCALE:
            return kind.value
    assert_never(kind)


def _belongs(kind: Kind, path: KeyPath) -> bool:
    """Whether a field of the schema belongs to this kind: traffic is a separate resource."""
    in_traffic = path[0] in TRAFFIC
    match kind:
        case Kind.TRAFFIC:
            return in_traffic
        case Kind.ENDPOINT:
            return not in_traffic
        case Kind.DEPLOYMENT | Kind.MODEL | Kind.ENVIRONMENT | Kind.AUTOSCALE:
            return True
    assert_never(kind)


def _fields(schema: Schema, above: KeyPath) -> Iterator[Field]:
    for key, node in schema.get("properties", {}).items():
        if _deployed((*above, key), node):
            yield _field(node, (*above, key))
            yield from _fields(node, (*above, key))
    rest = schema.get("additionalProperties")
    if isinstance(rest, dict):
        yield _field({"x-effect": schema.get("x-effect", "rolling"), **rest}, (*above, "*"))
        yield from _fields(rest, (*above, "*"))


def _deployed(path: KeyPath, node: Schema) -> bool:
    ours_alone = path[0].startswith("x-") and "x-effect" not in node
    names_it = len(path) == 1 and path[0] in IDENTIFYING
    return not names_it and not ours_alone and not node.get("x-not-compared", False)


def _field(node: Schema, path: KeyPath) -> Field:
    return Field(
        path=path,
        default=_default(node, Compute.MANAGED),
        default_kubernetes=_default(node, Compute.KUBERNETES),
        has_default="default" in node,
        effect=Effect(node.get("x-effect", "rolling")),
        sensitive=node.get("x-sensitive", False),
        read_only=node.get("x-read-only", False),
        description=node.get("description", ""),
    )


@cache
def field_at(kind: Kind, path: KeyPath) -> Field:
    """The field at a path, or its nearest declared ancestor, or an undeclared field with default properties."""
    declared = fields_of(kind)
    found, place = Field(path=path), KeyPath()
    for key in path:
        place = next((name for name in ((*place, key), (*place, "*")) if name in declared), ())
        if not place:
            break
        found = declared[place]
    return found


def path_of(kind: Kind, text: str) -> KeyPath:
    """The path that dotted text denotes: after a map of plain values, the rest is one key, including its dots."""
    declared, place, keys, rest = fields_of(kind), KeyPath(), KeyPath(), text
    while rest:
        head, _, tail = rest.partition(".")
        if (*place, head) not in declared and (*place, "*") in declared:
            place = (*place, "*")
            head, tail = (head, tail) if _has_fields(kind, place) else (rest, "")
        else:
            place = (*place, head)
        keys, rest = (*keys, head), tail
    return keys


def _has_fields(kind: Kind, place: KeyPath) -> bool:
    """Whether the values of a map are maps with fields of their own."""
    return any(path[: len(place)] == place and len(path) > len(place) for path in fields_of(kind))


def with_defaults(kind: Kind, data: Mapping[str, Value]) -> dict[str, Value]:
    """The canonical fields of a resource: all deployed fields, omitted ones with their default or None.

    Fields that name a resource, extension keys without an effect, read-only and undeployed fields are dropped. Traffic
    is not filled in: an omitted key leaves live traffic unchanged.
    """
    if kind is Kind.TRAFFIC:
        return {key: value for key, value in data.items() if key in TRAFFIC}
    filled, declared = with_schema_defaults(schema_of(schema_name(kind)), data, compute_of(data)), fields_of(kind)
    return {key: value for key, value in filled.items() if (key,) in declared}


def with_schema_defaults(schema: Schema, data: Mapping[str, Value], compute: Compute) -> dict[str, Value]:
    """A map with the defaults of its schema filled in, including nested maps."""
    result: dict[str, Value] = {}
    for key, node in schema.get("properties", {}).items():
        if not node.get("x-read-only", False) and _applies(node, result):
            result[key] = _value(node, data.get(key), compute)
    rest = schema.get("additionalProperties")
    if isinstance(rest, dict):
        result |= {key: _value(rest, value, compute) for key, value in data.items() if key not in result}
    return result


def _applies(node: Schema, siblings: Mapping[str, Value]) -> bool:
    """Whether a field applies, given the fields before it (`x-when`: the target-utilization settings)."""
    when = node.get("x-when")
    return not when or all(siblings.get(key) == value for key, value in when.items())


def _value(node: Schema, value: Value, compute: Compute) -> Value:
    if value is None:
        value = _default(node, compute)
    if isinstance(value, str | int | float | Sealed | None):  # most are, and asking for a Mapping is slow
        return value
    if isinstance(value, Mapping):
        described = "properties" in node or isinstance(node.get("additionalProperties"), dict)
        return with_schema_defaults(node, value, compute) if described else dict(value)
    return list(value)


def _default(node: Schema, compute: Compute) -> Value:
    """The default of a field in the schema, for one kind of compute."""
    default: Value = node.get("default")
    match compute:
        case Compute.MANAGED:
            return default
        case Compute.KUBERNETES:
            on_kubernetes: Value = node.get("x-default-kubernetes", default)
            return on_kubernetes
    assert_never(compute)


def is_free_text(schema: str, path: Sequence[str | int]) -> bool:
    """Whether a field takes any text: nothing is named, found or decided by it."""
    node = schema_of(schema)
    for key in path:
        if node.get("x-free-text"):
            return True
        node = _child(node, key)
    return bool(node.get("x-free-text"))


def _child(node: Schema, key: str | int) -> Schema:
    inside = {**node.get("then", {}), **node}
    properties: Mapping[str, Schema] = inside.get("properties", {})
    found = inside.get("items") if isinstance(key, int) else properties.get(key, inside.get("additionalProperties"))
    return found if isinstance(found, dict) else {}
