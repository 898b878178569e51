"""The vocabulary: refs, states, paths into fields, and what a plan remembers of a resource."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from deployer.core.compute import Compute, compute_of
from deployer.core.fingerprint import digest_of, fingerprint
from deployer.core.references import AssetReference, AssetType
from deployer.core.resources import (
    KeyPath,
    Kind,
    Observed,
    Ref,
    Value,
    asset_ref,
    deployment_ref,
    endpoint_ref,
    is_anonymous,
    is_failed,
    referenced,
    share_map,
    state_of,
    traffic_ref,
    value_at,
    with_value,
    without,
)
from tests.build import changed, deployment, endpoint, live, model, seen, traffic

BLUE = deployment_ref("digits", "blue")
SHA = "0123456789abcdef" * 4


def test_names_of_endpoints_and_deployments_have_no_letter_case() -> None:
    assert (endpoint_ref("Digits"), deployment_ref("Digits", "Blue")) == (endpoint_ref("digits"), BLUE)
    assert traffic_ref("Digits") == traffic_ref("digits")
    assert asset_ref(Kind.MODEL, "Digits", "1") != asset_ref(Kind.MODEL, "digits", "1")


@pytest.mark.parametrize(
    ("ref", "text"),
    [
        (asset_ref(Kind.MODEL, "Digits", "1"), "model Digits:1"),
        (asset_ref(Kind.ENVIRONMENT, "sklearn", "3"), "environment sklearn:3"),
        (BLUE, "deployment digits/blue"),
        (endpoint_ref("digits"), "endpoint digits"),
        (traffic_ref("digits"), "traffic digits"),
    ],
)
def test_a_ref_is_written_by_its_kind(ref: Ref, text: str) -> None:
    assert str(ref) == text


@pytest.mark.parametrize(
    ("ref", "anonymous"),
    [
        (asset_ref(Kind.MODEL, SHA, "1"), True),
        (asset_ref(Kind.MODEL, SHA, "2"), False),
        (asset_ref(Kind.MODEL, SHA[1:], "1"), False),
        (asset_ref(Kind.MODEL, f"g{SHA[1:]}", "1"), False),
        (asset_ref(Kind.ENVIRONMENT, "CliV2AnonymousEnvironment", SHA), True),
        (asset_ref(Kind.ENVIRONMENT, "sklearn", "3"), False),
        (deployment_ref("digits", SHA), False),
    ],
)
def test_what_was_written_inline_is_named_by_its_content(ref: Ref, anonymous: bool) -> None:
    assert is_anonymous(ref) is anonymous


@pytest.mark.parametrize(
    ("named", "ref"),
    [
        ("azureml:digits:1", asset_ref(Kind.MODEL, "digits", "1")),
        ("azureml:digits@latest", None),
        ("azureml://registries/r/models/m/versions/1", None),
        ("../model", None),
        (None, None),
    ],
)
def test_only_a_version_of_this_workspace_is_referenced(named: str | None, ref: Ref | None) -> None:
    assert referenced(deployment(model=named), Kind.MODEL) == ref


def test_a_state_lists_its_resources_by_name() -> None:
    there = live(
        endpoint("prices"), endpoint(), deployment("green"), deployment("blue"), deployment("red", "prices"), model()
    )
    assert there.endpoints() == ("digits", "prices")
    assert [item.ref.name for item in there.deployments("digits")] == ["blue", "green"]
    assert [item.ref.name for item in there.of_kind(Kind.MODEL)] == ["digits:1"]
    assert there.split("digits") == {}
    assert live(traffic(blue=60, green=40)).split("digits") == {"blue": 60, "green": 40}


def test_shares_are_whole_percents_and_nothing_else() -> None:
    odd = changed(traffic(), traffic={"blue": 100, "green": "many"}, mirror_traffic=None)
    assert (share_map(odd, "traffic"), share_map(odd, "mirror_traffic"), share_map(None, "traffic")) == (
        {"blue": 100},
        {},
        {},
    )


FIELDS: dict[str, Value] = {"a": {"b": {"c": 1}, "d": 2}, "e": None}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((), FIELDS),
        (("a", "d"), 2),
        (("a", "b", "c"), 1),
        (("a", "x"), None),
        (("e", "x"), None),
        (("a", "d", "x"), None),
    ],
)
def test_a_value_is_found_by_its_path(path: KeyPath, value: Value) -> None:
    assert value_at(FIELDS, path) == value


def test_a_value_is_put_at_its_path_in_a_copy() -> None:
    assert with_value(FIELDS, ("a", "b", "c"), 9) == {"a": {"b": {"c": 9}, "d": 2}, "e": None}
    assert with_value(FIELDS, ("e", "x", "y"), 9) == {**FIELDS, "e": {"x": {"y": 9}}}
    assert FIELDS["e"] is None


def test_a_value_is_taken_out_of_a_copy() -> None:
    assert without(FIELDS, ("a", "b", "c")) == {"a": {"b": {}, "d": 2}, "e": None}
    assert without(FIELDS, ("a",)) == {"e": None}
    assert without(FIELDS, ("x", "y")) == without(FIELDS, ("e", "x")) == without(FIELDS, ("a", "d", "x")) == FIELDS


def test_a_digest_is_of_the_data_and_not_of_how_it_is_held() -> None:
    held = MappingProxyType({"b": (1, 2), "a": "ä"})
    assert digest_of(held) == digest_of({"a": "ä", "b": [1, 2]}) != digest_of({"a": "ä", "b": [2, 1]})
    assert len(digest_of(held)) == 16
    with pytest.raises(TypeError, match="set is not plain data"):
        digest_of([{1}])  # type: ignore[list-item]


def test_a_fingerprint_moves_with_fields_and_failure_and_not_with_what_is_ignored() -> None:
    there = seen(deployment())
    assert fingerprint(None) == "absent"
    assert fingerprint(there) == fingerprint(deployment()) != fingerprint(deployment("green"))
    assert fingerprint(there) != fingerprint(seen(deployment(), "Failed"))
    assert fingerprint(there) != fingerprint(deployment(instance_count=2))
    ignored = (("instance_count",),)
    assert fingerprint(there, ignored) == fingerprint(deployment(instance_count=2), ignored)


@pytest.mark.parametrize(("state", "failed"), [("Failed", True), ("Canceled", True), ("Updating", False)])
def test_a_failed_operation_is_one_of_its_resource_and_never_of_traffic(state: str, failed: bool) -> None:
    assert is_failed(seen(deployment(), state)) is failed
    assert not is_failed(seen(traffic(), state))


@pytest.mark.parametrize(
    ("fields", "compute"),
    [
        ({"type": "managed"}, Compute.MANAGED),
        ({"type": "Kubernetes"}, Compute.KUBERNETES),
        ({"compute": "azureml:cluster"}, Compute.KUBERNETES),
        ({"compute": None}, Compute.MANAGED),
        ({}, Compute.MANAGED),
    ],
)
def test_a_cluster_is_named_or_typed(fields: dict[str, Value], compute: Compute) -> None:
    assert compute_of(fields) is compute


def test_states_are_equal_when_their_resources_are() -> None:
    label = AssetReference(type=AssetType.MODEL, name="m", label="latest")
    version = AssetReference(type=AssetType.MODEL, name="m", version="1")
    there = state_of([deployment()])
    assert replace(there, references={label: version}) == replace(there, contents={version: "sha256:ab"}) == there
    assert replace(deployment(), sources={("model",): "model"}, observed=Observed(owner="other")) == deployment()
    assert there != state_of([deployment(instance_count=2)])


def test_a_digest_is_the_same_in_every_release_because_tags_and_saved_plans_hold_it() -> None:
    assert digest_of({"b": [1, None, True], "a": {"ä": 0.5}}) == "78cdf19356db1fb0"


def test_messages_call_a_compute_as_its_makers_do() -> None:
    assert [compute.adjective for compute in Compute] == ["managed", "Kubernetes"]
