"""Logs: which container, how many lines, and what goes with the error of a failed deployment."""

from __future__ import annotations

from typing import Any, cast

import pytest

from deployer.azureml.arm import Arm
from deployer.azureml.kinds import deployment
from deployer.azureml.logs import failed_with_logs, read_logs
from deployer.core.errors import OperationFailed, WorkspaceError
from deployer.core.resources import Ref, deployment_ref, endpoint_ref
from tests.unit.azureml.fakes import BLUE, FakeArm

REF = deployment_ref("digits", "blue")
LOGS = f"{BLUE}/getLogs"


class Containers(FakeArm):
    """What each container said; an error where it cannot be read."""

    said: dict[str, Any]

    def __init__(self, **said: Any) -> None:
        super().__init__()
        self.said = said

    def post(self, path: str, version: str, body: Any = None) -> Any:
        super().post(path, version, body)
        found = self.said.get(body["containerType"])
        if isinstance(found, Exception):
            raise found
        return {"content": found}


def failure(arm: FakeArm, ref: Ref = REF, error: WorkspaceError | None = None) -> WorkspaceError:
    with pytest.raises(WorkspaceError) as caught, failed_with_logs(cast("Arm", arm), ref):
        raise error or OperationFailed("it crashed")
    return caught.value


@pytest.mark.parametrize(
    ("container", "kind"), [("inference-server", "InferenceServer"), ("storage-initializer", "StorageInitializer")]
)
def test_the_last_lines_of_one_container_are_read(container: str, kind: str) -> None:
    arm = Containers(**{kind: "hello\n"})
    assert read_logs(cast("Arm", arm), REF, container, 7) == "hello\n"
    assert (arm.log, arm.posted) == ([(LOGS, deployment.API)], [{"containerType": kind, "tail": 7}])


def test_a_container_that_said_nothing_has_an_empty_log() -> None:
    assert read_logs(cast("Arm", Containers()), REF, "inference-server", 7) == ""


def test_there_are_two_containers() -> None:
    with pytest.raises(ValueError, match="there is no container web: storage-initializer, inference-server"):
        read_logs(cast("Arm", Containers()), REF, "web", 7)


def test_a_failed_deployment_shows_the_last_thirty_lines_of_both_containers() -> None:
    arm = Containers(StorageInitializer="downloaded\n", InferenceServer="\nno module numpy\n")
    assert failure(arm).log_tail == (
        "--- storage-initializer ---\ndownloaded\n--- inference-server ---\nno module numpy"
    )
    assert [body and body["tail"] for body in arm.posted] == [30, 30]


@pytest.mark.parametrize("silent", ["", " \n", None, WorkspaceError("no logs yet")])
def test_a_container_without_a_log_is_left_out(silent: Any) -> None:
    assert (
        failure(Containers(StorageInitializer="a", InferenceServer=silent)).log_tail == "--- storage-initializer ---\na"
    )
    assert failure(Containers(StorageInitializer=silent, InferenceServer="b")).log_tail == "--- inference-server ---\nb"
    assert failure(Containers(StorageInitializer=silent, InferenceServer=silent)).log_tail == ""


def test_no_secret_that_a_container_printed_is_shown() -> None:
    assert "abc" not in failure(Containers(InferenceServer="GET https://x/y?sig=abc")).log_tail


def test_an_error_that_has_a_log_keeps_it() -> None:
    error = OperationFailed("it crashed")
    error.log_tail = "the log"
    arm = Containers(InferenceServer="another")
    assert failure(arm, error=error).log_tail == "the log"
    assert arm.posted == []


def test_only_deployments_have_logs_and_only_those_of_failed_operations_explain_anything() -> None:
    arm = Containers(InferenceServer="hello")
    assert failure(arm, ref=endpoint_ref("digits")).log_tail == ""
    assert failure(arm, error=WorkspaceError("wrong size")).log_tail == ""
    assert arm.posted == []


def test_what_succeeds_reads_no_logs() -> None:
    arm = Containers(InferenceServer="hello")
    with failed_with_logs(cast("Arm", arm), REF):
        pass
    assert arm.posted == []
