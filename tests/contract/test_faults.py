"""Faults laid by the admin routes and by the command; what they do to requests and operations."""

from __future__ import annotations

import base64
import http.client
import json
import time
import urllib.error
from typing import Any

import pytest

from tests.contract.conftest import Workspace
from tests.contract.test_robust import run

ENDPOINT: dict[str, Any] = {"identity": {"type": "SystemAssigned"}, "properties": {"authMode": "Key"}}


def test_a_status_is_counted_and_says_when_to_come_back(workspace: Workspace) -> None:
    fault = {"method": "GET", "path": "/models$", "count": 2, "status": 503, "retry_after": 7, "code": "Busy"}
    assert workspace.admin("POST", "faults", fault).status == 200
    for _ in range(2):
        answer = workspace.ask("GET", "/models")
        assert (answer.status, answer.headers["retry-after"], answer.body["error"]["code"]) == (503, "7", "Busy")
    assert workspace.ask("GET", "/models").status == 200
    assert workspace.admin("GET", "faults").body == []


def test_a_delay_delays(workspace: Workspace) -> None:
    workspace.admin("POST", "faults", {"path": "/models", "delay_ms": 300})
    begun = time.monotonic()
    assert workspace.ask("GET", "/models").status == 200
    assert time.monotonic() - begun >= 0.3


def test_a_connection_is_cut_without_an_answer(workspace: Workspace) -> None:
    workspace.admin("POST", "faults", {"path": "/models", "count": 1, "reset": True})
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected, urllib.error.URLError)):
        workspace.ask("GET", "/models")
    assert workspace.ask("GET", "/models").status == 200
    assert [line["status"] for line in workspace.requests() if "/models" in line["path"]] == [None, 200]


def test_scoring_can_be_met_too(workspace: Workspace) -> None:
    workspace.admin("POST", "faults", {"method": "POST", "path": "^/inference/", "count": 1, "status": 500})
    assert workspace.ask("POST", "//inference/e/score", {}).status == 500
    assert workspace.ask("POST", "//inference/e/score", {}).status == 200


@pytest.mark.parametrize(
    ("kind", "status", "code"), [("fail", "Failed", "OutOfQuota"), ("cancel", "Canceled", "OperationCanceled")]
)
def test_operations_fail_and_are_canceled(workspace: Workspace, kind: str, status: str, code: str) -> None:
    fault = {"path": "/one$", "count": 1, "operation": kind, "code": "OutOfQuota", "message": "no room"}
    workspace.admin("POST", "faults", fault)
    started = workspace.ask("PUT", "/onlineEndpoints/one", ENDPOINT)
    workspace.until("/onlineEndpoints/one", "Failed")
    operation = workspace.ask(
        "GET", "/" + started.headers["azure-asyncoperation"].removeprefix(workspace.connection["api"])
    )
    assert operation.body["status"] == status
    assert operation.body["error"] == {"code": code, "message": "no room"}


def test_a_hanging_operation_goes_on_when_faults_are_cleared(workspace: Workspace) -> None:
    workspace.admin("POST", "faults", {"path": "/one$", "method": "PUT", "operation": "hang"})
    started = workspace.ask("PUT", "/onlineEndpoints/one", ENDPOINT)
    path = "/" + started.headers["azure-asyncoperation"].removeprefix(workspace.connection["api"])
    running = workspace.ask("GET", path).body
    assert (running["status"], running["endTime"]) == ("Updating", "0001-01-01T00:00:00+00:00")
    workspace.admin("DELETE", "faults")
    workspace.until("/onlineEndpoints/one", "Succeeded")


def test_a_delete_goes_before_a_hanging_operation(workspace: Workspace, serving_assets: dict[str, Any]) -> None:
    workspace.ask("PUT", "/onlineEndpoints/one", ENDPOINT)
    workspace.until("/onlineEndpoints/one", "Succeeded")
    workspace.admin("POST", "faults", {"path": "/blue$", "method": "PUT", "operation": "hang"})
    started = workspace.ask("PUT", "/onlineEndpoints/one/deployments/blue", serving_assets)
    assert workspace.ask("DELETE", "/onlineEndpoints/one").status == 202
    end = time.monotonic() + 120
    while workspace.ask("GET", "/onlineEndpoints/one").status != 404:
        assert time.monotonic() < end
    path = "/" + started.headers["azure-asyncoperation"].removeprefix(workspace.connection["api"])
    assert workspace.ask("GET", path).body["status"] == "Canceled"


def test_stale_reads_show_what_stood_there_before(workspace: Workspace) -> None:
    path = "/environments/e/versions/1"
    workspace.ask("PUT", path, {"properties": {"image": "a", "tags": {"t": "old"}}})
    workspace.ask("PUT", path, {"properties": {"image": "a", "tags": {"t": "new"}}})
    workspace.admin("POST", "faults", {"method": "GET", "path": "/environments", "count": 1, "stale": True})
    assert workspace.ask("GET", path).body["properties"]["tags"] == {"t": "old"}
    assert workspace.ask("GET", path).body["properties"]["tags"] == {"t": "new"}
    workspace.ask("PUT", "/environments/f/versions/1", {"properties": {"image": "a"}})
    workspace.admin("POST", "faults", {"method": "GET", "path": "/environments", "count": 1, "stale": True})
    assert workspace.ask("GET", "/environments/f/versions/1").status == 404


def test_tokens_run_out(workspace: Workspace) -> None:
    body = ENDPOINT | {"properties": {"authMode": "AMLToken"}}
    workspace.ask("PUT", "/onlineEndpoints/one", body)
    workspace.until("/onlineEndpoints/one", "Succeeded")

    def opens(token: str) -> bool:
        return bool(workspace.ask("POST", "//inference/one/score", {}, token=token).body["opens"])

    day = workspace.ask("POST", "/onlineEndpoints/one/token").body
    assert day["expiryTimeUtc"] - day["refreshAfterTimeUtc"] == 43_200
    assert opens(day["accessToken"])
    claims = json.loads(base64.urlsafe_b64decode(day["accessToken"].split(".")[1] + "=="))
    assert claims.keys() == {
        *("canRefresh", "workspaceId", "tid", "oid", "actions", "endpointName", "serviceId", "exp", "iss", "aud")
    }
    head, payload, signature = day["accessToken"].split(".")
    assert not opens(f"{head}.{payload[:-2]}AA.{signature}")
    assert not opens("a.b.c")
    workspace.admin("PUT", "tokens", {"expire": True})
    assert not opens(day["accessToken"])
    workspace.admin("PUT", "tokens", {"lifetime": -1})
    assert not opens(workspace.ask("POST", "/onlineEndpoints/one/token").body["accessToken"])


@pytest.mark.parametrize(
    "fault",
    [
        {"path": "["},
        {"status": 200},
        {"status": "500"},
        {"colour": 1},
        {"path": "/models"},
        {"operation": "explode"},
        {"count": 0, "reset": True},
        [],
    ],
)
def test_a_fault_that_is_none_is_refused(workspace: Workspace, fault: object) -> None:
    answer = workspace.admin("POST", "faults", fault)
    assert answer.status == 400
    assert answer.body["error"]


def test_operations_take_their_time_when_asked_to(workspace: Workspace) -> None:
    workspace.end()
    workspace.options = ("--realistic", "0.005")
    workspace.start()
    begun = time.monotonic()
    workspace.ask("PUT", "/onlineEndpoints/one", ENDPOINT)
    workspace.until("/onlineEndpoints/one", "Succeeded")
    assert time.monotonic() - begun >= 0.45, "90 seconds, scaled"


def test_the_command_lays_lists_and_clears(workspace: Workspace) -> None:
    root = workspace.root
    laid = run(root, "fault", "add", "--path", "/models", "--status", "503", "--count", "1")
    assert laid.returncode == 0, laid.stderr
    assert [item["path"] for item in json.loads(run(root, "fault", "list").stdout)] == ["/models"]
    assert workspace.ask("GET", "/models").status == 503
    assert json.loads(run(root, "fault", "quota", "standardFSv2Family=6").stdout) == {"standardfsv2family": 6}
    assert run(root, "fault", "tokens", "--lifetime", "60").returncode == 0
    assert run(root, "fault", "clear").stdout == "[]\n"
    assert workspace.admin("GET", "quota").body == {}
    wrong = run(root, "fault", "add", "--path", "[", "--reset")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    assert wrong.stderr.startswith("error: '[' is not a regular expression: ")
    assert run(root, "fault", "quota", "nonsense").returncode == 1
    assert run(root, "fault", "explode").returncode == 64
