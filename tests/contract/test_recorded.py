"""Replay what was recorded of the real service: status, header names, and the members and types of every body.

Every difference is named below with its reason; one that is not there any more fails too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.conftest import Answer, Workspace

RECORDED = json.loads(Path(__file__).with_name("recorded_lifecycle.json").read_text())["exchanges"]
OPERATION = "operations show endTime, 0001-01-01 while they run, and percentComplete 0.0 to the end"
VARIABLES = "since 2025 the service shows the variables that it sets in the container"
HEADER_DIFFERENCES = {
    "x-aml-cluster": "today's name is azureml-served-by-cluster",
    "Build-ID": "no image is built before a deployment asks for it",
    "x-ms-ratelimit-remaining-subscription-writes": "nothing is limited here",
    "x-ms-ratelimit-remaining-subscription-deletes": "nothing is limited here",
    "x-ms-ratelimit-remaining-subscription-resource-requests": "nothing is limited here",
}
BLUE = "GET /onlineEndpoints/second/deployments/blue"
LIST = "GET /onlineEndpoints/endpoint/deployments"
BODY_DIFFERENCES = {
    ("GET (the operation started last)", "endTime: added"): OPERATION,
    (
        "GET /onlineEndpoints/second/deployments/blue",
        "properties.environmentVariables.AZUREML_MODEL_DIR: added",
    ): VARIABLES,
    (LIST, "value[].properties.environmentVariables.AZUREML_MODEL_DIR: added"): VARIABLES,
    (LIST, "value[].properties.environmentVariables.AML_APP_ROOT: added"): VARIABLES,
    (LIST, "value[].properties.environmentVariables.AZUREML_ENTRY_SCRIPT: added"): VARIABLES,
}
FLAVORS = (
    "flavors:\n"
    "  python_function: {env: c.yaml, loader_module: mlflow.sklearn, model_path: model.pkl, python_version: 3.7.11}\n"
    "  sklearn: {pickled_model: model.pkl, serialization_format: cloudpickle, sklearn_version: 0.24.1}\n"
)


@pytest.fixture(scope="module")
def prepared(shared: Workspace) -> Workspace:
    """What was there before the recording began."""
    identity = {"type": "SystemAssigned"}
    body = {"location": "local", "identity": identity, "properties": {"authMode": "Key"}}
    assert shared.ask("PUT", "/onlineEndpoints/second", body).status == 201
    shared.until("/onlineEndpoints/second", "Succeeded")
    put_code(shared)
    put_model_file(shared)
    return shared


def put_model_file(workspace: Workspace) -> None:
    """The MLmodel file that the recorded model brings."""
    datastore = workspace.ask("GET", "/datastores/workspaceblobstore").body["properties"]
    opening = {"expirableSecret": True, "expireAfterHours": 1}
    token = workspace.ask("POST", "/datastores/workspaceblobstore/listSecrets", opening).body["sasToken"]
    path = f"//store.blob.local/{datastore['containerName']}/LocalUpload/0000/model/MLmodel?{token}"
    assert workspace.ask("PUT", path, FLAVORS.encode()).status == 201


def put_code(workspace: Workspace) -> None:
    """The code version that the recording writes again."""
    recorded = next(item for item in RECORDED if item["path"].startswith("/codes/"))
    assert workspace.ask("PUT", recorded["path"], recorded["send"]).status in (200, 201)


def put_deployment(workspace: Workspace) -> None:
    """The deployment that the recording lists and sends traffic to."""
    place = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local"
    below = f"{place}/providers/Microsoft.MachineLearningServices/workspaces/local"
    code = {"codeId": f"{below}/codes/38b4fd9c-442f-42f8-8b87-601e5c35a88e/versions/1", "scoringScript": "score.py"}
    properties = {
        "description": "described",
        "codeConfiguration": code,
        "environmentId": f"{below}/environments/online-endpoint-mir-test/versions/3",
        "model": f"{below}/models/test-model/versions/4",
        "instanceType": "Standard_DS2_V2",
        "endpointComputeType": "Managed",
    }
    path = "/onlineEndpoints/endpoint/deployments/endpoint"
    assert workspace.ask("PUT", path, {"location": "local", "properties": properties}).status == 201
    workspace.until(path, "Succeeded")


def replayed(workspace: Workspace) -> Iterator[tuple[dict[str, Any], Answer]]:
    """Each recorded exchange, and what is answered here."""
    operation = ""
    for recorded in RECORDED:
        path = recorded["path"]
        if path == "/onlineEndpoints/endpoint/deployments":
            put_deployment(workspace)
        if path == "(the operation started last)":
            answer = workspace.ask("GET", f"/{operation}")
        else:
            answer = workspace.ask(
                recorded["method"], f"{path}?api-version={recorded['version']}", sendable(workspace, recorded)
            )
        if "azure-asyncoperation" in answer.headers:
            operation = answer.headers["azure-asyncoperation"].removeprefix(workspace.connection["api"])
            settle(workspace, recorded["method"], path)
        yield recorded, answer


def sendable(workspace: Workspace, recorded: dict[str, Any]) -> Any:
    """The recorded body; the texts the recording left out are filled in."""
    body = recorded["send"]
    if recorded["path"].startswith("/environments/"):
        body["properties"]["condaFile"] = "name: model-env\nchannels: [conda-forge]\n"
    return body


def settle(workspace: Workspace, method: str, path: str) -> None:
    """Wait for the end of what was started, as the recording did."""
    if method == "PUT":
        workspace.until(path, "Succeeded")


def types(value: Any) -> Any:
    """A body as its members and their JSON types."""
    if isinstance(value, dict):
        return {name: types(item) for name, item in value.items()}
    if isinstance(value, list):
        return [types(value[0])] if value else []
    return {bool: "bool", int: "int", float: "float", str: "str", type(None): "null"}[type(value)]


def differences(recorded: Any, found: Any, place: str = "") -> Iterator[str]:
    """Where two bodies differ in members or types."""
    if isinstance(recorded, dict) and isinstance(found, dict):
        for name in sorted(recorded.keys() | found.keys()):
            inner = f"{place}.{name}".lstrip(".")
            if name not in found:
                yield f"{inner}: missing"
            elif name not in recorded:
                yield f"{inner}: added"
            else:
                yield from differences(recorded[name], found[name], inner)
    elif isinstance(recorded, list) and isinstance(found, list) and recorded and found:
        yield from differences(recorded[0], found[0], f"{place}[]")
    elif recorded != found:
        yield f"{place}: {recorded} became {found}"


def test_every_recorded_exchange_is_answered_as_it_was(prepared: Workspace) -> None:
    problems, met = [], set()
    for recorded, answer in replayed(prepared):
        title = f"{recorded['method']} {recorded['path']}"
        if answer.status != recorded["status"]:
            problems.append(f"{title}: {recorded['status']} became {answer.status}: {answer.body}")
            continue
        for header in recorded["headers"]:
            if header.lower() in answer.headers:
                continue
            met.add(header)
            if header not in HEADER_DIFFERENCES:
                problems.append(f"{title}: no header {header}")
        for difference in differences(recorded["body"], types(answer.body)):
            met.add((title, difference))
            if (title, difference) not in BODY_DIFFERENCES:
                problems.append(f"{title}: {difference}")
    assert not problems, "\n".join(problems)
    assert met == HEADER_DIFFERENCES.keys() | BODY_DIFFERENCES.keys()
