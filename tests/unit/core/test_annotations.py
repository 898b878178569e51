"""What a schema says of a field: tiny schemas, with every annotation at least once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployer.core import fields
from deployer.core.compute import Compute
from deployer.core.fields import Effect, Field, field_at, fields_of, path_of, schema_of, with_defaults
from deployer.core.resources import KeyPath, Kind, Value

CACHED = (fields.schema_text, fields.schema_of, fields._parsed, fields.fields_of, fields.field_at)

PROBE = {
    "type": "object",
    "description": "A probe.",
    "properties": {
        "period": {"type": "integer", "default": 10, "description": "Seconds."},
        "name": {"type": "string", "x-effect": "scale"},
    },
}
DEPLOYMENT: dict[str, Any] = {
    "properties": {
        "$schema": {"type": "string"},
        "name": {"type": "string"},
        "version": {"type": "string"},
        "endpoint_name": {"type": "string"},
        "count": {"default": 1, "x-default-kubernetes": 3, "x-effect": "scale", "description": "How many."},
        "password": {"type": "string", "x-sensitive": True},
        "state": {"type": "string", "x-read-only": True},
        "stage": {"type": "string", "x-not-compared": True},
        "tags": {"default": {}, "additionalProperties": {"type": "string"}, "x-effect": "metadata"},
        "keys": {"additionalProperties": {"type": "string", "x-effect": "immutable", "default": "none"}},
        "mode": {"default": "plain"},
        "level": {"default": 5, "x-when": {"mode": "deep"}},
        "arguments": {"type": "array", "default": ["-v"]},
        "free": {"type": "object"},
        "probe": {"$ref": "#/$defs/probe", "x-effect": "add-only"},
        "weights": {"$ref": "model.schema.json#/$defs/weights"},
        "x-hint-only": {"type": "string"},
        "x-kept": {"default": False, "x-effect": "metadata"},
    },
    "$defs": {"probe": PROBE},
}
MODEL: dict[str, Any] = {
    "properties": {"weights": {"$ref": "#/$defs/weights"}, "version": {"type": "string"}},
    "$defs": {"weights": {"properties": {"size": {"$ref": "#/$defs/size"}}}, "size": {"default": 7}},
}
ENDPOINT: dict[str, Any] = {
    "properties": {
        "traffic": {"x-effect": "traffic", "additionalProperties": {"type": "integer"}},
        "mirror_traffic": {"x-effect": "traffic"},
        "compute": {"type": "string"},
    }
}


def of(default: Value, on_kubernetes: Value = None) -> dict[str, Any]:
    """A field with a default, the same on Kubernetes unless it is given."""
    return {"default": default, "default_kubernetes": on_kubernetes or default, "has_default": True}


SAID: dict[KeyPath, dict[str, Any]] = {
    ("count",): {**of(1, 3), "effect": Effect.SCALE, "description": "How many."},
    ("password",): {"sensitive": True},
    ("state",): {"read_only": True},
    ("tags",): {**of({}), "effect": Effect.METADATA},
    ("tags", "*"): {"effect": Effect.METADATA},
    ("keys",): {},
    ("keys", "*"): {**of("none"), "effect": Effect.IMMUTABLE},
    ("mode",): of("plain"),
    ("level",): of(5),
    ("arguments",): of(["-v"]),
    ("free",): {},
    ("probe",): {"effect": Effect.ADD_ONLY, "description": "A probe."},
    ("probe", "period"): {**of(10), "description": "Seconds."},
    ("probe", "name"): {"effect": Effect.SCALE},
    ("weights",): {},
    ("weights", "size"): of(7),
    ("x-kept",): {**of(False), "effect": Effect.METADATA},
}


@pytest.fixture(autouse=True)
def tiny_schemas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, schema in (("deployment", DEPLOYMENT), ("model", MODEL), ("endpoint", ENDPOINT)):
        (tmp_path / f"{name}.schema.json").write_text(json.dumps(schema), encoding="utf-8")
    monkeypatch.setattr(fields, "CHECKED_OUT", tmp_path)
    forget()
    yield
    forget()


def forget() -> None:
    for cached in CACHED:
        cached.cache_clear()


def test_each_annotation_is_a_property_of_the_field() -> None:
    found = fields_of(Kind.DEPLOYMENT)
    assert dict(found) == {path: Field(path=path, **says) for path, says in SAID.items()}


def test_a_reference_is_replaced_by_what_it_points_to() -> None:
    found = schema_of("deployment")
    assert set(found) == {"properties"}
    assert found["properties"]["probe"] == {**PROBE, "x-effect": "add-only"}
    assert found["properties"]["weights"] == schema_of("model")["properties"]["weights"]
    assert found["properties"]["weights"] == {"properties": {"size": {"default": 7}}}


def test_a_default_may_depend_on_the_compute() -> None:
    count = field_at(Kind.DEPLOYMENT, ("count",))
    assert (count.default_on(Compute.MANAGED), count.default_on(Compute.KUBERNETES)) == (1, 3)


@pytest.mark.parametrize(
    ("written", "filled"),
    [
        ({}, {}),
        ({"name": "a", "endpoint_name": "b", "state": "done", "stage": "s", "x-hint-only": "c"}, {}),
        ({"type": "kubernetes"}, {"count": 3}),
        ({"count": 0, "password": "p"}, {"count": 0, "password": "p"}),
        ({"mode": "deep"}, {"mode": "deep", "level": 5}),
        ({"mode": "deep", "level": 6}, {"mode": "deep", "level": 6}),
        ({"level": 6}, {}),
        ({"tags": {"a": "b"}}, {"tags": {"a": "b"}}),
        ({"keys": {"a": None}}, {"keys": {"a": "none"}}),
        ({"arguments": ("-q",)}, {"arguments": ["-q"]}),
        ({"free": {"a": None, "b": {"c": 1}}}, {"free": {"a": None, "b": {"c": 1}}}),
        ({"probe": {}}, {"probe": {"period": 10, "name": None}}),
        ({"probe": {"period": 0, "odd": 1}}, {"probe": {"period": 0, "name": None}}),
        ({"weights": {"size": 0.5}}, {"weights": {"size": 0.5}}),
        ({"x-kept": True}, {"x-kept": True}),
    ],
)
def test_what_is_left_out_is_filled_in(written: dict[str, Value], filled: dict[str, Value]) -> None:
    left_out: dict[str, Value] = {
        **{"count": 1, "password": None, "tags": {}, "keys": None, "mode": "plain", "arguments": ["-v"]},
        **{"free": None, "probe": None, "weights": None, "x-kept": False},
    }
    assert with_defaults(Kind.DEPLOYMENT, written) == {**left_out, **filled}


def test_what_is_filled_in_is_a_copy() -> None:
    written: dict[str, Any] = {"free": {"a": "b"}, "arguments": ["-q"]}
    for _ in range(2):
        found: dict[str, Any] = with_defaults(Kind.DEPLOYMENT, {**written, "tags": None})
        assert found["tags"] == {}
        for part in (found["free"], found["tags"]):
            part["c"] = "d"
        found["arguments"].append("-x")
    assert written == {"free": {"a": "b"}, "arguments": ["-q"]}
    with_defaults(Kind.DEPLOYMENT, {})["arguments"].append("-x")  # type: ignore[union-attr]
    assert with_defaults(Kind.DEPLOYMENT, {})["arguments"] == ["-v"]


def test_the_endpoint_leaves_traffic_to_its_own_kind() -> None:
    assert set(fields_of(Kind.ENDPOINT)) == {("compute",)}
    assert with_defaults(Kind.ENDPOINT, {"traffic": {"blue": 1}}) == {"compute": None}
    assert {path: field.effect for path, field in fields_of(Kind.TRAFFIC).items()} == {
        ("traffic",): Effect.TRAFFIC,
        ("traffic", "*"): Effect.TRAFFIC,
        ("mirror_traffic",): Effect.TRAFFIC,
    }


@pytest.mark.parametrize(
    ("text", "path"),
    [("tags.a.b", ("tags", "a.b")), ("probe.name.x", ("probe", "name", "x")), ("keys", ("keys",)), ("", ())],
)
def test_text_is_a_path_by_the_schema(text: str, path: tuple[str, ...]) -> None:
    assert path_of(Kind.DEPLOYMENT, text) == path
