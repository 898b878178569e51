"""Fields come from the schemas, and from nowhere else."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from deployer.core import fields
from deployer.core.fields import Effect, field_at, fields_of, path_of, schema_of, with_defaults
from deployer.core.resources import KeyPath, Kind, dotted

SCHEMAS = sorted((Path(__file__).parents[3] / "schemas").glob("*.schema.json"))


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_schemas_are_schemas(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("kind", Kind)
def test_every_field_says_what_it_means_and_what_a_change_does(kind: Kind) -> None:
    for path, field in fields_of(kind).items():
        assert field.path == path
        assert field.description or path[-1] == "*"
        assert isinstance(field.effect, Effect)


def test_traffic_is_a_kind_of_its_own() -> None:
    assert set(fields_of(Kind.TRAFFIC)) == {
        ("traffic",),
        ("traffic", "*"),
        ("mirror_traffic",),
        ("mirror_traffic", "*"),
    }
    assert ("traffic",) not in fields_of(Kind.ENDPOINT)
    assert field_at(Kind.TRAFFIC, ("traffic", "blue")).effect is Effect.TRAFFIC


@pytest.mark.parametrize(
    ("path", "declared", "effect"),
    [
        ("instance_count", "instance_count", Effect.SCALE),
        ("tags.owner", "tags.*", Effect.METADATA),
        ("tags.owner.of.it", "tags.*", Effect.METADATA),
        ("liveness_probe.period", "liveness_probe.period", Effect.ROLLING),
        ("properties.a", "properties.*", Effect.ADD_ONLY),
        ("data_collector.collections.inputs.enabled", "data_collector.collections.*.enabled", Effect.ROLLING),
        ("egress_public_network_access", "egress_public_network_access", Effect.IMMUTABLE),
        ("nothing.like.it", "nothing.like.it", Effect.ROLLING),
    ],
)
def test_a_path_finds_its_nearest_declared_field(path: str, declared: str, effect: Effect) -> None:
    found = field_at(Kind.DEPLOYMENT, tuple(path.split(".")))
    assert (dotted(found.path), found.effect) == (declared, effect)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("instance_count", ("instance_count",)),
        ("tags.owner", ("tags", "owner")),
        ("tags.cost.center", ("tags", "cost.center")),
        ("liveness_probe.period", ("liveness_probe", "period")),
        ("data_collector.collections.inputs.enabled", ("data_collector", "collections", "inputs", "enabled")),
        ("nothing.like.it", ("nothing", "like", "it")),
    ],
)
def test_dotted_text_means_one_path(text: str, path: KeyPath) -> None:
    assert path_of(Kind.DEPLOYMENT, text) == path


def test_left_out_fields_have_their_default_or_none() -> None:
    filled = with_defaults(Kind.DEPLOYMENT, {"name": "blue", "request_settings": {"request_timeout_ms": 9}})
    assert "name" not in filled
    assert filled["instance_count"] == 1
    assert filled["model"] is None
    assert filled["scale_settings"] == {"type": "default"}
    assert filled["request_settings"] == {
        "request_timeout_ms": 9,
        "max_concurrent_requests_per_instance": 1,
        "max_queue_wait_ms": 500,
    }


def test_kubernetes_scales_by_utilisation_unless_it_says_otherwise() -> None:
    scaled = with_defaults(Kind.DEPLOYMENT, {"type": "kubernetes"})["scale_settings"]
    assert scaled == {
        "type": "target_utilization",
        "min_instances": 1,
        "max_instances": 1,
        "target_utilization_percentage": 70,
        "polling_interval": 1,
    }
    chosen = with_defaults(Kind.DEPLOYMENT, {"type": "kubernetes", "scale_settings": {"type": "default"}})
    assert chosen["scale_settings"] == {"type": "default"}


def test_undeclared_traffic_stays_undeclared() -> None:
    assert with_defaults(Kind.TRAFFIC, {"traffic": {"blue": 100}}) == {"traffic": {"blue": 100}}
    assert with_defaults(Kind.TRAFFIC, {"name": "digits", "mirror_traffic": {}}) == {"mirror_traffic": {}}


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.TRAFFIC])
def test_filling_in_twice_changes_nothing(kind: Kind) -> None:
    once = with_defaults(kind, {})
    assert with_defaults(kind, once) == once
    assert {(key,) for key in once} <= set(fields_of(kind))


def test_defaults_cannot_be_changed_by_who_uses_them() -> None:
    with_defaults(Kind.DEPLOYMENT, {})["tags"]["a"] = "b"  # type: ignore[index]
    assert with_defaults(Kind.DEPLOYMENT, {})["tags"] == {}
    assert schema_of("deployment")["properties"]["tags"]["default"] == {}


def test_in_a_wheel_the_schemas_are_where_the_build_puts_them() -> None:
    root = SCHEMAS[0].parents[1]
    build = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    put = build["targets"]["wheel"]["force-include"]["schemas"]
    assert (root / put, root / "schemas") == (fields.PACKAGED, fields.CHECKED_OUT)
