"""Each kind: what a document of it declares, when something is done to it, and its fields in their one spelling."""

from __future__ import annotations

from typing import Any

import pytest

from deployer.authoring.canonical import canonical
from deployer.authoring.documents.kind_of import kind_of
from deployer.core.plan import Action, Step
from deployer.core.resources import (
    Kind,
    Ref,
    asset_ref,
    autoscale_ref,
    deployment_ref,
    endpoint_ref,
    traffic_ref,
    value_at,
    with_value,
)
from deployer.kinds import ASSETS, KINDS, OPERATED, OWNED
from deployer.kinds.phases import Phase
from deployer.kinds.spelling import respelled
from deployer.kinds.table import DOCUMENTS, telling_keys
from deployer.planning.reconcile import phase_of

MODEL, ENVIRONMENT = asset_ref(Kind.MODEL, "Digits", "1"), asset_ref(Kind.ENVIRONMENT, "sklearn", "3")
ENDPOINT, BLUE, TRAFFIC = endpoint_ref("digits"), deployment_ref("digits", "blue"), traffic_ref("digits")
SCALING = autoscale_ref("digits", "blue")


@pytest.mark.parametrize(
    ("fields", "ref"),
    [
        ({"name": "Digits", "version": "1"}, MODEL),
        ({"name": "sklearn", "version": "3"}, ENVIRONMENT),
        ({"name": "Digits"}, ENDPOINT),
        ({"name": "Blue", "endpoint_name": "Digits"}, BLUE),
        ({"name": "Digits"}, TRAFFIC),
        ({"name": "Blue", "endpoint_name": "Digits"}, SCALING),
    ],
)
def test_what_a_document_declares(fields: dict[str, Any], ref: Ref) -> None:
    assert KINDS[ref.kind].ref(fields) == ref
    assert KINDS[ref.kind].ref({"name": 1}) == KINDS[ref.kind].ref({})


PHASES: dict[Ref, dict[Action, Phase]] = {
    MODEL: {Action.CREATE: Phase.ASSETS, Action.UPDATE: Phase.ASSETS},
    ENVIRONMENT: {Action.CREATE: Phase.ASSETS, Action.UPDATE: Phase.ASSETS},
    ENDPOINT: {
        Action.CREATE: Phase.ENDPOINT,
        Action.UPDATE: Phase.ENDPOINT,
        Action.REPLACE: Phase.ENDPOINT,
        Action.DELETE: Phase.DELETES_OF_ENDPOINTS,
    },
    BLUE: {
        Action.CREATE: Phase.DEPLOYMENTS,
        Action.UPDATE: Phase.DEPLOYMENTS,
        Action.REPLACE: Phase.DEPLOYMENTS,
        Action.TEST: Phase.SMOKE_TESTS,
        Action.DELETE: Phase.DELETES_OF_DEPLOYMENTS,
    },
    TRAFFIC: {Action.UPDATE: Phase.TRAFFIC},
    SCALING: {
        Action.CREATE: Phase.AUTOSCALE,
        Action.UPDATE: Phase.AUTOSCALE,
        Action.REPLACE: Phase.AUTOSCALE,
        Action.DELETE: Phase.DELETES_OF_AUTOSCALE,
    },
}


@pytest.mark.parametrize("ref", PHASES, ids=str)
@pytest.mark.parametrize("action", Action)
def test_a_step_has_its_phase_or_cannot_be(ref: Ref, action: Action) -> None:
    step = Step(action=action, ref=ref)
    if action in PHASES[ref]:
        assert phase_of(step) is PHASES[ref][action]
    else:
        with pytest.raises(ValueError, match=f"no phase does {action.name} on {ref}"):
            phase_of(step)


def test_what_serves_is_written_and_tested_after_what_does_not() -> None:
    for action in (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.TEST):
        assert phase_of(Step(action=action, ref=BLUE, serving=True)) is Phase.SERVING_DEPLOYMENTS
    assert phase_of(Step(action=Action.DELETE, ref=BLUE, serving=True)) is Phase.DELETES_OF_DEPLOYMENTS


def test_a_setting_goes_first_where_its_deployment_stays() -> None:
    assert phase_of(Step(action=Action.DELETE, ref=SCALING, outlived=True)) is Phase.AUTOSCALE_OFF


def test_phases_come_in_an_order_in_which_each_has_what_it_needs() -> None:
    assert sorted(Phase) == [
        Phase.ASSETS,
        Phase.ENDPOINT,
        Phase.AUTOSCALE_OFF,
        Phase.DEPLOYMENTS,
        Phase.SMOKE_TESTS,
        Phase.SERVING_DEPLOYMENTS,
        Phase.AUTOSCALE,
        Phase.TRAFFIC,
        Phase.DELETES_OF_AUTOSCALE,
        Phase.DELETES_OF_DEPLOYMENTS,
        Phase.DELETES_OF_ENDPOINTS,
    ]


def test_what_each_kind_is() -> None:
    assert set(ASSETS) == {Kind.MODEL, Kind.ENVIRONMENT}
    assert set(OPERATED) == {Kind.ENDPOINT, Kind.DEPLOYMENT}
    assert set(OWNED) == {*OPERATED, Kind.AUTOSCALE}
    assert set(DOCUMENTS) == set(Kind) - {Kind.TRAFFIC, Kind.AUTOSCALE}
    assert "instance_count" in telling_keys()[Kind.DEPLOYMENT]
    assert not any("tags" in keys or "kind" in keys for keys in telling_keys().values())


def test_a_kind_is_told_with_its_verb() -> None:
    assert KINDS[Kind.DEPLOYMENT].words("update", BLUE) == "update deployment digits/blue"
    assert KINDS[Kind.TRAFFIC].words("update", TRAFFIC) == "set traffic of digits"


@pytest.mark.parametrize(
    ("kind", "given", "spelled"),
    [
        (Kind.DEPLOYMENT, {"instance_type": "Standard_DS3_v2"}, {"instance_type": "standard_ds3_v2"}),
        (Kind.DEPLOYMENT, {"instance_type": None, "resources": None}, {"instance_type": None, "resources": None}),
        (
            Kind.DEPLOYMENT,
            {"resources": {"requests": {"cpu": "1", "gpu": 2}, "limits": None}},
            {"resources": {"requests": {"cpu": "1", "nvidia.com/gpu": 2}, "limits": None}},
        ),
        (Kind.DEPLOYMENT, {"resources": {"limits": {"cpu": "1"}}}, {"resources": {"limits": {"cpu": "1"}}}),
        (
            Kind.DEPLOYMENT,
            {"data_collector": {"collections": {"inputs": {"enabled": True, "client_id": "c"}}, "sampling_rate": 1}},
            {"data_collector": {"collections": {"inputs": {"enabled": "true", "client_id": "c"}}, "sampling_rate": 1}},
        ),
        (
            Kind.ENDPOINT,
            {"identity": {"type": "x", "user_assigned_identities": [{"resource_id": "/B"}, {"resource_id": "/a"}]}},
            {"identity": {"type": "x", "user_assigned_identities": ["/a", "/b"]}},
        ),
        (
            Kind.ENDPOINT,
            {"identity": {"user_assigned_identities": ["/a", {"resource_id": "/B"}, {"client_id": "c"}]}},
            {"identity": {"user_assigned_identities": ["", "/b"]}},
        ),
        (Kind.ENDPOINT, {"identity": None, "name": "a"}, {"identity": None, "name": "a"}),
        (
            Kind.DEPLOYMENT,
            {"data_collector": {"sampling_rate": 1}},
            {"data_collector": {"sampling_rate": 1, "collections": {}}},
        ),
        (Kind.DEPLOYMENT, {"data_collector": None}, {"data_collector": None}),
        (Kind.ENDPOINT, {"identity": {"type": "x"}}, {"identity": {"type": "x", "user_assigned_identities": []}}),
        (Kind.ENDPOINT, {"auth_mode": "key"}, {"auth_mode": "key"}),
        (Kind.MODEL, {"path": "../Model"}, {"path": "../Model"}),
    ],
)
def test_fields_have_one_spelling(kind: Kind, given: dict[str, Any], spelled: dict[str, Any]) -> None:
    assert KINDS[kind].spelled(given) == spelled


def test_an_enum_is_respelled_where_it_stands() -> None:
    fields = {"identity": {"type": "SystemAssigned", "a": "B"}, "auth_mode": "AMLToken", "compute": None}
    assert respelled(fields, ("identity", "type"))["identity"] == {"type": "system_assigned", "a": "B"}
    assert respelled(fields, ("auth_mode",))["auth_mode"] == "aml_token"
    assert respelled(fields, ("compute", "type")) == respelled(fields, ("nothing",)) == fields


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (Kind.ENDPOINT, ("auth_mode",)),
        (Kind.ENDPOINT, ("public_network_access",)),
        (Kind.ENDPOINT, ("identity", "type")),
        (Kind.DEPLOYMENT, ("type",)),
        (Kind.DEPLOYMENT, ("egress_public_network_access",)),
        (Kind.DEPLOYMENT, ("scale_settings", "type")),
        (Kind.DEPLOYMENT, ("data_collector", "rolling_rate")),
        (Kind.MODEL, ("type",)),
    ],
)
def test_an_enum_may_be_written_as_in_the_sdk(kind: Kind, path: tuple[str, ...]) -> None:
    assert value_at(canonical(kind, with_value({}, path, "SomeValue")), path) == "some_value"


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ("Endpoint", Kind.ENDPOINT),
        ("OnlineEndpoint", Kind.ENDPOINT),
        ("ManagedOnlineEndpoint", Kind.ENDPOINT),
        ("KubernetesOnlineEndpoint", Kind.ENDPOINT),
        ("Deployment", Kind.DEPLOYMENT),
        ("OnlineDeployment", Kind.DEPLOYMENT),
        ("ManagedOnlineDeployment", Kind.DEPLOYMENT),
        ("KubernetesOnlineDeployment", Kind.DEPLOYMENT),
        ("Model", Kind.MODEL),
        ("Environment", Kind.ENVIRONMENT),
        ("BatchDeployment", None),
    ],
)
def test_a_schema_of_azure_names_the_kind(schema: str, kind: Kind | None) -> None:
    found = kind_of({"$schema": f"https://azuremlschemas.azureedge.net/latest/{schema}.schema.json"}, "", "a.yml")
    assert found.kind is kind
