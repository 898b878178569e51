"""ARM JSON as the service writes it, against the one canonical form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from deployer.azureml.access import Reader
from deployer.azureml.arm_ids import compute_name, short
from deployer.azureml.bookkeeping import Notes, tags_of
from deployer.azureml.kinds import deployment, endpoint, environment, model, rows, service_keys
from deployer.core.references import AssetType
from deployer.core.resources import Kind, Ref
from tests.unit.azureml import fields
from tests.unit.azureml.service import CODE_ID, HOME, WHERE

if TYPE_CHECKING:
    from deployer.azureml.arm import Arm

UPDATING: dict[str, Any] = {
    "id": f"{HOME}/onlineEndpoints/e/deployments/Blue",
    "name": "Blue",
    "tags": {},
    "kind": "Managed",
    "sku": {"name": "Default", "tier": "Standard", "capacity": 1},
    "properties": {
        "description": None,
        "properties": {"AzureAsyncOperationUri": "https://management.azure.com/x"},
        "codeConfiguration": None,
        "environmentId": None,
        "environmentVariables": {},
        "scaleSettings": {"scaleType": "Default"},
        "requestSettings": {"maxQueueWait": "PT0S", "requestTimeout": "PT0S", "maxConcurrentRequestsPerInstance": 1},
        "modelMountPath": None,
        "appInsightsEnabled": False,
        "livenessProbe": None,
        "readinessProbe": None,
        "provisioningState": "Updating",
        "instanceType": "Standard_F4s_v2",
        "model": f"{HOME}/models/digits/versions/4",
        "egressPublicNetworkAccess": "Enabled",
        "endpointComputeType": "Managed",
    },
}


class Codes:
    """Answers for every code asset with a hash of its own."""

    def get(self, path: str, _version: str) -> Any:
        name, version = path.split("/")[2::2]
        return {"properties": {"properties": {"hash_sha256": f"of {name}:{version}"}}}


READER = Reader(arm=cast("Arm", Codes()), where=WHERE)


def with_code(**tags: str) -> dict[str, Any]:
    code = {"codeId": CODE_ID, "scoringScript": "score.py"}
    return {**UPDATING, "tags": tags, "properties": {**UPDATING["properties"], "codeConfiguration": code}}


def code_of(raw: dict[str, Any]) -> Any:
    found = deployment.normalise(raw, "e", READER).fields["code_configuration"]
    assert isinstance(found, dict)
    return found["code"]


def test_the_first_answer_for_a_new_deployment_has_the_defaults_already() -> None:
    live = deployment.normalise(UPDATING, "E", READER)
    bare = {"model": "azureml:digits:4", "environment": None, "code_configuration": None}
    assert dict(live.fields) == {**fields.DEPLOYMENT, **bare, "instance_type": "standard_f4s_v2"}
    assert (live.ref.endpoint, live.ref.name) == ("e", "blue")
    assert live.observed is not None
    assert live.seen.provisioning_state == "Updating"


def test_our_note_of_the_code_is_believed_while_the_code_is_the_one_it_was_taken_for() -> None:
    asset = ":".join(CODE_ID.split("/")[-3::2])
    ours = tags_of(Notes(code="sha256:noted", code_id=asset))
    assert code_of(with_code(**ours)) == "sha256:noted"
    assert code_of(with_code()) == f"sha256:of {asset}"
    stale = tags_of(Notes(code="sha256:noted", code_id="another:1"))
    assert code_of(with_code(**stale)) == f"sha256:of {asset}"


def test_a_note_of_no_content_is_no_note() -> None:
    asset = ":".join(CODE_ID.split("/")[-3::2])
    assert code_of(with_code(**{"deployer-code": f" {asset}"})) == f"sha256:of {asset}"


def test_what_azure_does_show_is_believed_before_our_note_of_what_was_sent() -> None:
    noted = tags_of(Notes(sent={"model_mount_path": "/sent"}))
    shown = {**UPDATING["properties"], "modelMountPath": "/shown"}
    for properties, path in ((shown, "/shown"), (UPDATING["properties"], "/sent")):
        raw = {**UPDATING, "tags": noted, "properties": properties}
        assert deployment.normalise(raw, "e", READER).fields["model_mount_path"] == path


def test_an_endpoint_that_says_no_state_has_settled_well() -> None:
    live = endpoint.normalise({"name": "e", "properties": {}}, WHERE)
    assert live.seen.provisioning_state == "Succeeded"


def test_variables_of_the_service_are_hidden_unless_the_author_declared_them() -> None:
    wire = {
        "AZUREML_MODEL_DIR": "/var/azureml-app/azureml-models/digits/1",
        "AZUREML_ENTRY_SCRIPT": "score.py",
        "AML_APP_ROOT": "/srv",
        "WORKERS": "2",
    }
    assert service_keys.variables(wire, Notes()) == {"AML_APP_ROOT": "/srv", "WORKERS": "2"}
    declared = Notes(sent={"variables": ["AZUREML_MODEL_DIR"]})
    assert "AZUREML_MODEL_DIR" in service_keys.variables(wire, declared)


@pytest.mark.parametrize(
    ("wire", "milliseconds"),
    [("PT5S", 5000), ("PT1.5S", 1500), ("PT1M30S", 90_000), ("P1DT1H", 90_000_000), ("PT0S", None), ("soon", None)],
)
def test_durations(wire: str, milliseconds: int | None) -> None:
    assert rows.milliseconds(wire) == milliseconds


@pytest.mark.parametrize(
    ("wire", "yaml"),
    [
        (f"{HOME}/models/Digits/versions/1", "azureml:Digits:1"),
        (f"{HOME.upper()}/environments/sklearn/labels/latest", "azureml:sklearn@latest"),
        (f"azureml:{HOME}/codes/c/versions/2", "azureml:c:2"),
        ("azureml://registries/r/models/m/versions/1", "azureml://registries/r/models/m/versions/1"),
        ("azureml:AzureML-sklearn:1", "azureml:AzureML-sklearn:1"),
        (f"{HOME}2/models/m/versions/1", f"{HOME}2/models/m/versions/1"),
        ("", None),
        (None, None),
    ],
)
def test_references(wire: str | None, yaml: str | None) -> None:
    assert short(AssetType.MODEL, wire, WHERE) == yaml


@pytest.mark.parametrize(
    ("wire", "yaml"),
    [
        (f"{HOME}/computes/cluster", "azureml:cluster"),
        (f"{HOME.upper()}/computes/Cluster", "azureml:Cluster"),
        ("cluster", "azureml:cluster"),
        (f"{HOME}2/computes/cluster", f"{HOME}2/computes/cluster"),
        (None, None),
    ],
)
def test_clusters(wire: str | None, yaml: str | None) -> None:
    assert compute_name(wire, WHERE) == yaml


def test_traffic_has_lower_case_names_and_no_zeros() -> None:
    assert endpoint.shares({"Blue": 90, "green": 10, "old": 0}) == {"blue": 90, "green": 10}


@pytest.mark.parametrize(("told", "job"), [("brave_lemon_7x", "brave_lemon_7x"), (None, ""), ("", "")])
def test_a_model_knows_the_job_that_made_it(told: str | None, job: str) -> None:
    raw = {"properties": {"modelUri": "azureml://jobs/j/outputs/artifacts/paths/model", "jobName": told}}
    assert model.normalise(raw, Ref(kind=Kind.MODEL, name="digits:1")).seen.job == job


def test_a_model_that_no_client_uploaded_has_unknown_content() -> None:
    ref = Ref(kind=Kind.MODEL, name="digits:1")
    live = model.normalise({"properties": {"modelUri": "azureml://jobs/j/outputs/artifacts/paths/model"}}, ref)
    assert live.fields["path"] is None
    assert live.observed is not None
    assert live.seen.unknown == (("path",),)


@pytest.mark.parametrize(
    ("wire", "unknown"),
    [
        ({"image": "i", "condaFile": '{"name": "c"}'}, ()),
        ({"image": "i", "condaFile": "name: [c"}, (("conda_file",),)),
        ({"build": {"contextUri": f"https://x/LocalUpload/{'ab' * 16}/docker"}}, ()),
        ({"build": {"contextUri": "https://x/docker"}}, (("build", "path"),)),
    ],
)
def test_content_of_an_environment_that_cannot_be_read_is_unknown(wire: dict[str, Any], unknown: Any) -> None:
    live = environment.normalise({"properties": wire}, Ref(kind=Kind.ENVIRONMENT, name="sklearn:1"))
    assert live.seen.unknown == unknown


def test_specs_and_workspaces_speak_of_the_same_fields() -> None:
    from deployer.authoring.canonical import canonical

    assert canonical(Kind.ENDPOINT, {}) == fields.ENDPOINT
    for kind, known in (
        (Kind.DEPLOYMENT, fields.DEPLOYMENT),
        (Kind.MODEL, fields.MODEL),
        (Kind.ENVIRONMENT, fields.ENVIRONMENT),
    ):
        given = {
            key: known[key]
            for key in ("model", "environment", "code_configuration", "instance_type", "path", "image")
            if key in known
        }
        assert canonical(kind, given) == dict(known)


EMPTY: dict[str, Any] = {"description": "", "modelMountPath": "", "image": "", "build": {"dockerfilePath": ""}}


def test_text_that_is_empty_is_none() -> None:
    fields_of = [
        endpoint.normalise({"name": "e", "properties": EMPTY}, WHERE).fields,
        deployment.normalise({**UPDATING, "properties": {**UPDATING["properties"], **EMPTY}}, "e", READER).fields,
        model.normalise({"properties": EMPTY}, Ref(kind=Kind.MODEL, name="digits:1")).fields,
        environment.normalise({"properties": EMPTY}, Ref(kind=Kind.ENVIRONMENT, name="sklearn:1")).fields,
    ]
    assert [found["description"] for found in fields_of] == [None] * 4
    assert (fields_of[1]["model_mount_path"], fields_of[3]["image"]) == (None, None)


def test_the_build_context_of_an_environment_is_its_content_and_its_dockerfile() -> None:
    wire = {"build": {"contextUri": f"https://x/LocalUpload/{'AB' * 16}", "dockerfilePath": "docker/Dockerfile"}}
    ref = Ref(kind=Kind.ENVIRONMENT, name="sklearn:1")
    built = environment.normalise({"properties": wire}, ref).fields["build"]
    assert built == {"path": f"sha256:{'ab' * 16}", "dockerfile_path": "docker/Dockerfile"}


def test_what_the_service_adds_to_properties_is_hidden_and_values_are_text() -> None:
    added = dict.fromkeys(
        [
            "azureml.onlineendpointid",
            "azureml.onlinedeploymentid",
            "AzureAsyncOperationUri",
            "private-network-connection",
            "createdBy",
            "createdAt",
            "lastModifiedAt",
        ],
        "x",
    )
    kept = {"team": "a", "limits": {"cpu": 1}}
    assert service_keys.properties({**added, **kept}) == {"team": "a", "limits": '{"cpu": 1}'}
    assert service_keys.properties(None) == {}


def test_variables_and_tags_without_a_value_are_empty_text() -> None:
    assert service_keys.variables({"A": None, "B": 2}, Notes()) == {"A": "", "B": "2"}
    assert service_keys.variables(None, Notes()) == {}
    assert rows.texts({"a": None, 1: 2}) == {"a": "", "1": "2"}
    assert rows.texts(None) == {}


def test_a_note_of_variables_that_is_no_list_hides_nothing_less() -> None:
    wire = {"AZUREML_ENTRY_SCRIPT": "score.py"}
    assert service_keys.variables(wire, Notes(sent={"variables": "AZUREML_ENTRY_SCRIPT"})) == {}


@pytest.mark.parametrize(
    ("wire", "identity"),
    [
        ({"type": "SystemAssigned"}, ("system_assigned", [])),
        ({"userAssignedIdentities": None}, ("system_assigned", [])),
        ({"type": "UserAssigned", "userAssignedIdentities": {"/B": {}, "/a": {}}}, ("user_assigned", ["/a", "/b"])),
    ],
)
def test_an_identity_has_its_ids_in_order_and_in_lower_case(wire: Any, identity: tuple[str, list[str]]) -> None:
    found = endpoint.normalise({"name": "e", "identity": wire, "properties": {}}, WHERE).fields["identity"]
    assert found == {"type": identity[0], "user_assigned_identities": identity[1]}


def test_protection_owner_and_the_record_of_a_rollout_are_read_from_our_tags() -> None:
    noted = tags_of(Notes(project="demo", protected=True, previous={"blue": 100}, rollout="abc:10"))
    raw = {"name": "e", "tags": {**noted, "team": "a"}, "properties": {"scoringUri": "https://e/score"}}
    live = endpoint.normalise(raw, WHERE)
    assert (live.fields["x-protect"], live.fields["tags"]) == (True, {"team": "a"})
    assert (live.seen.owner, live.seen.scoring_uri) == ("demo", "https://e/score")
    assert (live.seen.bookkeeping.previous_split, live.seen.bookkeeping.rollout) == ({"blue": 100}, "abc:10")
    assert endpoint.normalise({"name": "e", "properties": {}}, WHERE).seen.scoring_uri == ""


def test_the_smallest_share_of_traffic_is_one_percent() -> None:
    assert endpoint.shares({"blue": 1, "green": 99}) == {"blue": 1, "green": 99}
    assert endpoint.shares(None) == {}


@pytest.mark.parametrize(
    ("milliseconds", "wire"),
    [
        (0, "PT0S"),
        (1, "PT0.001S"),
        (999, "PT0.999S"),
        (1000, "PT1S"),
        (59_999, "PT59.999S"),
        (60_000, "PT1M"),
        (3_599_000, "PT59M59S"),
        (3_600_000, "PT1H"),
        (86_399_000, "PT23H59M59S"),
        (86_400_000, "P1D"),
        (90_061_500, "P1DT1H1M1.5S"),
    ],
)
def test_durations_are_written_in_their_largest_units(milliseconds: int, wire: str) -> None:
    assert rows.duration_of_ms(milliseconds) == wire
    assert rows.milliseconds(wire) == (milliseconds or None)


def test_seconds_are_whole() -> None:
    assert [rows.seconds(wire) for wire in ("PT1.4S", "PT1.6S", "P10D", "soon")] == [1, 2, 864_000, None]
    assert [rows.duration_of(value) for value in (0, 1, 864_000)] == ["PT0S", "PT1S", "P10D"]
