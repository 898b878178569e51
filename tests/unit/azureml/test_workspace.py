"""The port as a whole: what `connect` gives reads, writes and asks one workspace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from azure.core.exceptions import HttpResponseError

from deployer import azureml
from deployer.azureml import AzureWorkspace, connect
from deployer.azureml.kinds import deployment
from deployer.azureml.retry import Patience
from deployer.core.coordinates import LocalServer
from deployer.core.errors import OperationFailed
from deployer.core.plan import Action, Step
from deployer.core.resources import deployment_ref
from deployer.core.workspace import Wanted
from tests.unit.azureml import fields, service
from tests.unit.azureml.fakes import BLUE, ENDPOINT, FakeArm, RecordedSdk, answer


@pytest.fixture
def arm(monkeypatch: pytest.MonkeyPatch) -> FakeArm:
    made = FakeArm()
    monkeypatch.setattr(azureml, "Arm", lambda _access: made)
    return made


@pytest.fixture
def workspace(arm: FakeArm, tmp_path: Path) -> AzureWorkspace:
    """A workspace of Azure whose SDK is awake, and records."""
    made = cast("AzureWorkspace", connect(service.WHERE, project="demo", root=tmp_path))
    made._writer.sdk._client = RecordedSdk(arm)
    return made


def step(action: Action = Action.CREATE) -> Step:
    after = fields.deployment(code_configuration=None)
    return Step(action=action, ref=after.ref, after=None if action is Action.DELETE else after)


def test_what_was_written_is_read_back_and_is_our_own(workspace: AzureWorkspace, arm: FakeArm) -> None:
    endpoint = fields.endpoint()
    workspace.execute(Step(action=Action.CREATE, ref=endpoint.ref, after=endpoint))
    workspace.execute(step())
    found = workspace.read(deployment_ref("digits", "blue"))
    assert found is not None
    assert found.seen.owner == "demo"
    assert workspace.observe(Wanted(endpoints=frozenset({"digits"}))).endpoints() == ("digits",)
    workspace.execute(step(Action.DELETE))
    assert workspace.read(deployment_ref("digits", "blue")) is None
    assert list(arm.found) == [ENDPOINT]


def test_a_connection_keeps_its_folder_and_its_coordinates(workspace: AzureWorkspace, tmp_path: Path) -> None:
    assert (workspace._writer.root, workspace._writer.reader.where) == (tmp_path, service.WHERE)


def fail_with(workspace: AzureWorkspace, status: int) -> Callable[[Step], OperationFailed]:
    def fail() -> object:
        raise HttpResponseError(response=cast("Any", answer(status, '{"error": {"message": "it crashed"}}')))

    def failed(step: Step) -> OperationFailed:
        with pytest.raises(OperationFailed) as caught:
            workspace.execute(step)
        return caught.value

    workspace._writer.sdk._client.fail = fail
    return failed


def test_the_log_goes_with_a_deployment_that_failed_and_not_with_one_that_is_deleted(
    workspace: AzureWorkspace, arm: FakeArm
) -> None:
    failed = fail_with(workspace, 200)
    assert "InferenceServer said this" in failed(step()).log_tail
    arm.posted.clear()
    assert failed(step(Action.DELETE)).log_tail == ""
    assert arm.posted == []


def test_logs_and_keys_are_those_of_the_one_that_is_named(workspace: AzureWorkspace, arm: FakeArm) -> None:
    assert workspace.logs(deployment_ref("digits", "blue"), "inference-server", 5) == "InferenceServer said this"
    arm.posts[f"{ENDPOINT}/listKeys"] = {"primaryKey": "first", "secondaryKey": "second"}
    assert workspace.keys("digits") == ("first", "second")
    assert [path for path, _ in arm.log] == [f"{BLUE}/getLogs", f"{ENDPOINT}/listKeys"]


def test_a_request_may_take_200_seconds_unless_said_otherwise(workspace: AzureWorkspace, arm: FakeArm) -> None:
    sent: list[tuple[Any, ...]] = []

    def request(_method: str, _uri: str, *, body: bytes, headers: dict[str, str], timeout: float) -> Any:
        sent.append((body, headers.get("azureml-model-deployment"), timeout))
        return SimpleNamespace(status=200, data=b"7", headers={})

    body = {"identity": {}, "tags": {}, "properties": {"authMode": "Key", "properties": {}}}
    arm.found[ENDPOINT] = service.endpoint(body, "digits")
    arm.posts[f"{ENDPOINT}/listKeys"] = {"primaryKey": "first", "secondaryKey": "second"}
    workspace._scorer._pool = cast("Any", SimpleNamespace(request=request))
    assert workspace.score("digits", b"1").body == b"7"
    workspace.score("digits", b"2", deployment="blue", timeout=3.0)
    assert sent == [(b"1", None, 200.0), (b"2", "blue", 3.0)]


def test_azure_is_polled_patiently_and_the_local_workspace_often(arm: FakeArm, tmp_path: Path) -> None:
    server = LocalServer(api="https://127.0.0.1:1", page="", ca_file=tmp_path / "ca", token_file=tmp_path / "token")
    for local, patience in ((None, Patience()), (server, Patience(poll=0.2))):
        made = cast("AzureWorkspace", connect(service.WHERE, project="demo", root=tmp_path, local=local))
        assert made._patience == made._writer.sdk.patience == patience
        assert made._writer.sdk._deployments_api == deployment.API
        assert made._scorer._access.local is local
    assert arm.log == [], "a request was sent"
