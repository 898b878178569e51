"""The table of kinds: total, consistent, and what makes it out from the schemas."""

from __future__ import annotations

import dataclasses

import pytest

from deployer.core.action import Action
from deployer.core.compute import Compute, compute_of, is_kubernetes
from deployer.core.fields import fields_of, schema_name, schema_of
from deployer.core.resources import Kind, deployment_ref, endpoint_ref, traffic_ref
from deployer.kinds import ASSETS, DOCUMENTS, KINDS, OPERATED, OWNED, telling_keys
from deployer.kinds.phases import Phase
from deployer.kinds.spelling import respelled, snake

DOCUMENT = {"name": "Blue", "endpoint_name": "Digits", "version": "3"}


def test_every_kind_is_in_the_table() -> None:
    assert set(KINDS) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_a_document_declares_a_ref_of_its_kind(kind: Kind) -> None:
    assert KINDS[kind].ref(DOCUMENT).kind is kind


def test_letter_case_does_not_tell_endpoints_apart_but_it_does_assets() -> None:
    assert KINDS[Kind.ENDPOINT].ref(DOCUMENT) == endpoint_ref("blue")
    assert KINDS[Kind.TRAFFIC].ref(DOCUMENT) == traffic_ref("blue")
    assert KINDS[Kind.DEPLOYMENT].ref(DOCUMENT) == deployment_ref("digits", "blue")
    assert str(KINDS[Kind.MODEL].ref(DOCUMENT)) == "model Blue:3"
    assert str(KINDS[Kind.ENVIRONMENT].ref(DOCUMENT)) == "environment Blue:3"


def test_a_document_without_names_declares_something_all_the_same() -> None:
    assert {str(KINDS[kind].ref({"name": 3})) for kind in DOCUMENTS} == {
        "endpoint ",
        "deployment /",
        "model :",
        "environment :",
    }


def test_no_schema_name_means_two_kinds() -> None:
    names = [name for kind in DOCUMENTS for name in KINDS[kind].schema_names]
    assert len(names) == len(set(names))
    assert all(schema_name(kind) in KINDS[kind].schema_names for kind in DOCUMENTS)


def test_keys_that_tell_kinds_apart_are_told_by_the_schemas() -> None:
    telling = telling_keys()
    assert set(telling) == set(DOCUMENTS)
    assert {"traffic", "x-rollout", "compute"} <= telling[Kind.ENDPOINT]
    assert {"instance_type", "x-smoke-test"} <= telling[Kind.DEPLOYMENT]
    assert "path" in telling[Kind.MODEL]
    assert telling[Kind.ENVIRONMENT] == {"image", "conda_file", "build", "inference_config", "os_type"}
    for kind, of_kind in telling.items():
        assert of_kind <= schema_of(schema_name(kind))["properties"].keys()
    keys = [key for of_kind in telling.values() for key in of_kind]
    assert len(keys) == len(set(keys))


def test_what_every_kind_has_and_what_only_azure_writes_tells_nothing() -> None:
    every = frozenset[str]().union(*telling_keys().values())
    assert every.isdisjoint({"name", "tags", "description", "version", "type", "kind", "location", "scoring_uri"})


@pytest.mark.parametrize("kind", Kind)
def test_enums_are_fields(kind: Kind) -> None:
    assert set(KINDS[kind].enums) <= set(fields_of(kind))


def test_phases_are_those_of_a_safe_order() -> None:
    phases = [(kind, action, KINDS[kind].phase(action)) for kind in Kind for action in Action]
    assert {phase for _, _, phase in phases} == {*Phase, None} - {Phase.SERVING_DEPLOYMENTS, Phase.AUTOSCALE_OFF}
    assert [phase for _, action, phase in phases if action is Action.TEST and phase] == [Phase.SMOKE_TESTS]
    deletes = [phase for _, action, phase in phases if action is Action.DELETE and phase]
    assert min(deletes) > Phase.TRAFFIC > Phase.SMOKE_TESTS > Phase.DEPLOYMENTS > Phase.ENDPOINT > Phase.ASSETS


@pytest.mark.parametrize("kind", ASSETS)
def test_assets_are_written_first_and_never_deleted(kind: Kind) -> None:
    assert KINDS[kind].phase(Action.CREATE) is Phase.ASSETS
    assert KINDS[kind].phase(Action.DELETE) is None
    assert kind not in (*OWNED, *OPERATED)
    assert KINDS[kind].ref(DOCUMENT).endpoint == ""


def test_what_is_owned_can_be_deleted() -> None:
    assert all(KINDS[kind].phase(Action.DELETE) for kind in OWNED)


def test_reports_call_traffic_by_its_endpoint() -> None:
    assert KINDS[Kind.TRAFFIC].words("update", traffic_ref("digits")) == "set traffic of digits"
    assert KINDS[Kind.DEPLOYMENT].words("update", deployment_ref("digits", "blue")) == "update deployment digits/blue"


def test_articles_go_with_their_kinds() -> None:
    assert [KINDS[kind].noun for kind in DOCUMENTS] == ["an endpoint", "a deployment", "a model", "an environment"]


def test_nobody_changes_the_table() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        KINDS[Kind.MODEL].is_asset = False  # type: ignore[misc]


@pytest.mark.parametrize("written", ["AMLToken", "AmlToken", "AML_TOKEN", "aml_token", "amlToken"])
def test_enums_have_one_spelling(written: str) -> None:
    assert snake(written) == "aml_token"
    assert respelled({"a": {"b": written, "c": written}}, ("a", "b")) == {"a": {"b": "aml_token", "c": written}}


@pytest.mark.parametrize(
    ("fields", "compute"),
    [
        ({}, Compute.MANAGED),
        ({"type": None, "compute": None}, Compute.MANAGED),
        ({"type": "Managed"}, Compute.MANAGED),
        ({"type": "custom_model"}, Compute.MANAGED),
        ({"type": "Kubernetes"}, Compute.KUBERNETES),
        ({"compute": "azureml:cluster"}, Compute.KUBERNETES),
    ],
)
def test_compute_is_told_by_type_or_cluster(fields: dict[str, str | None], compute: Compute) -> None:
    assert compute_of(fields) is compute
    assert is_kubernetes(fields) is (compute is Compute.KUBERNETES)


@pytest.mark.parametrize("action", Action)
def test_what_removes_also_writes(action: Action) -> None:
    assert action.writes or not action.removes
    assert action.writes is (action is not Action.TEST)
