"""What is put on the wire for each kind, and how assets are named to the SDK."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployer.azureml.bookkeeping import Notes, read_notes
from deployer.azureml.execute import execute
from deployer.azureml.kinds import code_assets, deployment, endpoint, environment, model
from deployer.azureml.kinds.endpoint import Split
from deployer.core.plan import Action, Step
from deployer.core.resources import Resource, traffic_ref
from tests import build
from tests.unit.azureml import fields, service
from tests.unit.azureml.fakes import BLUE, ENDPOINT, Stand

IDENTITY = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/me"


def endpoint_body(resource: Resource, split: Split = Split()) -> dict[str, Any]:  # noqa: B008 -- frozen
    made = endpoint.entity(resource, split, Notes(project="demo"))
    assert made.name == "digits"
    return service.sent(made._to_rest_online_endpoint(location="local"))


def deployment_body(resource: Resource, code_id: str | None = None) -> dict[str, Any]:
    made = deployment.entity(resource, code_id, Notes(project="demo"))
    assert (made.name, made.endpoint_name) == ("blue", "digits")
    return service.sent(made._to_rest_object(location="local"))


def without_code(**more: Any) -> Resource:
    return fields.deployment(code_configuration=None, **more)


@pytest.mark.parametrize("mode", [("key", "Key"), ("aml_token", "AMLToken"), ("aad_token", "AADToken")], ids=str)
def test_an_endpoint_is_written_with_its_split_its_tags_and_ours(mode: tuple[str, str]) -> None:
    wanted = fields.endpoint(auth_mode=mode[0], description="d", tags={"team": "a"}, properties={"p": "1"})
    body = endpoint_body(wanted, Split(traffic={"blue": 90, "green": 10}, mirror={"red": 5}))
    properties = body["properties"]
    assert (properties["authMode"], properties["description"], properties["properties"]) == (mode[1], "d", {"p": "1"})
    assert (properties["traffic"], properties["mirrorTraffic"]) == ({"blue": 90, "green": 10}, {"red": 5})
    assert (body["tags"]["team"], read_notes(body["tags"])) == ("a", Notes(project="demo"))


def test_an_endpoint_runs_on_its_cluster_with_its_identity() -> None:
    mine = {"type": "user_assigned", "user_assigned_identities": [IDENTITY]}
    body = endpoint_body(fields.endpoint(compute="azureml:cluster", identity=mine))
    assert body["properties"]["compute"] == "cluster"
    assert body["identity"]["type"].lower() == "userassigned"
    assert list(body["identity"]["userAssignedIdentities"]) == [IDENTITY]
    assert endpoint_body(fields.endpoint())["identity"] == {"type": "SystemAssigned"}


@pytest.mark.parametrize(("kind", "wire"), [("managed", "Managed"), ("kubernetes", "Kubernetes")])
def test_a_deployment_is_written_with_the_type_that_azure_knows(kind: str, wire: str) -> None:
    assert deployment_body(without_code(type=kind))["properties"]["endpointComputeType"] == wire


def test_scale_settings_are_written_in_the_words_of_azure() -> None:
    assert deployment_body(without_code())["properties"]["scaleSettings"] == {"scaleType": "Default"}
    scaled = {
        "type": "target_utilization",
        "min_instances": 2,
        "max_instances": 5,
        "target_utilization_percentage": 60,
        "polling_interval": 30,
    }
    assert deployment_body(without_code(type="kubernetes", scale_settings=scaled))["properties"]["scaleSettings"] == {
        "scaleType": "TargetUtilization",
        "minInstances": 2,
        "maxInstances": 5,
        "targetUtilizationPercentage": 60,
        "pollingInterval": "PT30S",
    }


def test_a_deployment_is_written_with_all_that_it_declares() -> None:
    declared = {
        "tags": {"team": "a"},
        "properties": {"p": "1"},
        "environment_variables": {"A": "1"},
        "private_network_connection": True,
        "model": "azureml:digits:7",
        "environment": "azureml:sklearn:8",
    }
    wanted = fields.deployment(**declared)
    made = deployment.entity(wanted, service.CODE_ID, Notes(project="demo"))
    assert (made.model, made.environment) == ("digits:7", "sklearn:8")
    body = service.sent(made._to_rest_object(location="local"))
    properties = body["properties"]
    assert properties["properties"] == {"p": "1", "private-network-connection": True}
    assert (properties["environmentVariables"], properties["model"]) == ({"A": "1"}, "digits:7")
    assert properties["codeConfiguration"] == {"codeId": service.CODE_ID, "scoringScript": "score.py"}
    assert (body["tags"]["team"], read_notes(body["tags"])) == ("a", Notes(project="demo"))


def test_what_azure_does_not_show_is_noted_if_it_is_not_the_default() -> None:
    settings = {**fields.DEPLOYMENT["request_settings"], "max_queue_wait_ms": 700}
    data = {"inputs": {"enabled": "true", "data": {"name": "mine"}, "client_id": None}}
    collector = {"collections": data, "rolling_rate": "hour", "sampling_rate": 1.0, "request_logging": None}
    variables = {"AZUREML_ENTRY_SCRIPT": "mine.py", "AML_APP_ROOT": "/x", "A": "1"}
    wanted = without_code(request_settings=settings, environment_variables=variables, data_collector=collector)
    noted = deployment.notes_of(wanted, "demo", None)
    assert noted == Notes(
        project="demo",
        sent={
            "request_settings.max_queue_wait_ms": 700,
            "variables": ["AML_APP_ROOT", "AZUREML_ENTRY_SCRIPT"],
            "data": {"inputs": {"name": "mine"}},
        },
    )
    assert deployment.notes_of(without_code(), "demo", None) == Notes(project="demo")
    asset = code_assets.name_of(service.CODE_ID)
    coded = deployment.notes_of(fields.deployment(), "demo", service.CODE_ID)
    assert coded == Notes(project="demo", code=build.CODE, code_id=asset.bare)


def test_a_model_is_registered_as_its_version_with_its_type() -> None:
    wanted = fields.model(type="triton_model", description="d", tags={"t": "1"}, properties={"p": "1"})
    made = model.entity(wanted, "azureml://x")
    assert (made.name, made.version, made.type, made.path) == ("digits", "1", "triton_model", "azureml://x")
    properties = service.sent(made._to_rest_object())["properties"]
    assert (properties["modelType"], properties["description"]) == ("triton_model", "d")
    assert (properties["tags"], properties["properties"]) == ({"t": "1"}, {"p": "1"})


def test_a_model_at_an_address_is_registered_where_it_is() -> None:
    made = Stand()
    wanted = fields.model(path="azureml://datastores/d/paths/m")
    execute(made.writer, Step(action=Action.CREATE, ref=wanted.ref, after=wanted))
    assert made.written == ["model azureml://datastores/d/paths/m"]


def test_an_environment_is_registered_as_its_version_with_its_content() -> None:
    wanted = fields.environment(image="i:1", description="d", tags={"t": "1"}, conda_file={"name": "c"})
    made = environment.entity(wanted, None)
    assert (made.name, made.version, made.image, made.build) == ("sklearn", "3", "i:1", None)
    properties = service.sent(made._to_rest_object())["properties"]
    assert (properties["image"], properties["description"], properties["tags"]) == ("i:1", "d", {"t": "1"})
    assert "name: c" in properties["condaFile"]


def test_an_environment_without_tags_sends_none() -> None:
    properties = service.sent(environment.entity(fields.environment(tags={}), None)._to_rest_object())["properties"]
    assert not properties.get("tags")


def test_an_environment_is_built_from_its_folder_and_its_dockerfile() -> None:
    built = fields.environment(image=None, build={"path": build.WEIGHTS, "dockerfile_path": "docker/Dockerfile"})
    made = environment.entity(built, "https://x/context")
    assert (made.build.path, made.build.dockerfile_path) == ("https://x/context", "docker/Dockerfile")
    properties = service.sent(made._to_rest_object())["properties"]
    assert properties["build"] == {"contextUri": "https://x/context", "dockerfilePath": "docker/Dockerfile"}


def test_code_is_registered_anonymously_under_a_name_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "score.py").touch()
    one, other = (code_assets._entity(tmp_path) for _ in range(2))
    assert uuid.UUID(one.name) != uuid.UUID(other.name)
    assert (one.version, one._is_anonymous, one.path) == ("1", True, str(tmp_path))


def test_code_of_a_registry_is_named_as_it_is() -> None:
    made = Stand()
    elsewhere = "azureml://registries/r/codes/c/versions/1"
    wanted = fields.deployment(code_configuration={"code": elsewhere, "scoring_script": "score.py"})
    execute(made.writer, Step(action=Action.CREATE, ref=wanted.ref, after=wanted))
    ((_, body),) = made.client.writes
    assert body["properties"]["codeConfiguration"]["codeId"] == elsewhere


def test_the_sdk_is_woken_before_anything_is_written() -> None:
    made, woken = Stand(), list[bool]()
    made.writer.sdk.wake = lambda: woken.append(not made.written)  # type: ignore[method-assign]
    execute(made.writer, Step(action=Action.CREATE, ref=fields.endpoint().ref, after=fields.endpoint()))
    assert woken == [True]


def test_a_write_of_traffic_reads_its_endpoint_once_it_has_settled() -> None:
    made = Stand()
    body = endpoint_body(fields.endpoint(), Split(traffic={"blue": 100}))
    made.arm.found[ENDPOINT] = service.endpoint(body, "digits")
    made.arm.states = ["Updating", "Succeeded"]
    after = Resource(ref=traffic_ref("digits"), fields={"traffic": {"green": 100}})
    execute(made.writer, Step(action=Action.UPDATE, ref=after.ref, after=after))
    assert (made.slept, made.written) == ([5.0], [f"PUT {ENDPOINT}"])


def test_a_deployment_that_is_deleted_is_waited_for_until_it_has_settled() -> None:
    made = Stand()
    after = without_code()
    execute(made.writer, Step(action=Action.CREATE, ref=after.ref, after=after))
    made.arm.states, made.arm.lingers = ["Updating", "Succeeded"], 2
    execute(made.writer, Step(action=Action.DELETE, ref=replace(after.ref)))
    assert made.written == [f"PUT {BLUE}", f"DELETE {BLUE}"]
    assert made.slept == [5.0] * 3


def test_no_wait_in_the_queue_is_sent_and_not_left_to_the_default() -> None:
    settings = {"request_timeout_ms": 5000, "max_concurrent_requests_per_instance": 1, "max_queue_wait_ms": 0}
    assert deployment_body(without_code(request_settings=settings))["properties"]["requestSettings"] == {
        "requestTimeout": "PT5S",
        "maxConcurrentRequestsPerInstance": 1,
        "maxQueueWait": "PT0S",
    }
