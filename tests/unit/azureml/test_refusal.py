"""Error answers of ARM, of the service behind it and of failed operations, as users reported them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deployer.azureml.causes import COORDINATES_HINT, SIGN_IN_HINT, error_of
from deployer.azureml.refusal import Refusal, read_refusal
from deployer.core.errors import Busy, NotFound, OperationFailed, SignInFailed, Unreachable, WorkspaceError


def envelope(message: str, detail: str = "InferencingClientCallFailed", **more: Any) -> str:
    found = {"code": "BadRequest", "message": "The request is invalid.", **more}
    return json.dumps({"error": {**found, "details": [{"code": detail, "message": message}]}})


def inner(*texts: str, field: str = "") -> str:
    return json.dumps({"errors": {field: list(texts)}, "title": "One or more validation errors occurred."})


UNRECOVERABLE = (
    "Specified deployment [a] failed during initial provisioning and is in an unrecoverable state. Delete it."
)
NO_QUOTA = "Not enough quota available for Standard_F4s_v2 in SubscriptionId S. Current usage/limit: 0/6."
CRASHED = "ResourceNotReady: User container has crashed or terminated: Liveness probe failed: statuscode: 502."
TOLD = {
    "nested json": (400, envelope(inner(UNRECOVERABLE)), "BadRequest", UNRECOVERABLE),
    "json after words": (
        400,
        envelope("InferencingClient HttpRequest error, error detail: " + inner(NO_QUOTA, field="VmSize")),
        "BadRequest",
        NO_QUOTA,
    ),
    "operation without a code": (
        200,
        json.dumps({"status": "Failed", "error": {"code": None, "message": CRASHED}}),
        "ResourceNotReady",
        CRASHED,
    ),
    "operation with a code": (
        200,
        json.dumps({"status": "Failed", "error": {"code": "ModelRegistryError", "message": "Could not find asset"}}),
        "ModelRegistryError",
        "Could not find asset.",
    ),
    "canceled without a word": (200, json.dumps({"status": "Canceled"}), "OperationCanceled", ""),
    "inner error": (
        404,
        json.dumps(
            {
                "error": {
                    "code": "UserError",
                    "message": "Workspace not found.",
                    "innerError": {"code": "NotFound", "innerError": {"code": "WorkspaceNotFound", "innerError": None}},
                }
            }
        ),
        "WorkspaceNotFound",
        "Workspace not found.",
    ),
    "telling detail code": (
        400,
        envelope("Kubernetes error: AuthenticationException.", "KubernetesUnaccessible"),
        "KubernetesUnaccessible",
        "Kubernetes error: AuthenticationException.",
    ),
    "nothing but a title": (404, envelope('{"title":"Not Found"}'), "BadRequest", "Not Found."),
    "plain text": (502, "Bad\n gateway", "", "Bad gateway."),
    "nothing": (500, "", "", ""),
}


@pytest.mark.parametrize("case", TOLD)
def test_the_innermost_message_and_code_are_told(case: str) -> None:
    status, body, code, message = TOLD[case]
    refusal = read_refusal(status, body, {})
    assert (refusal.code, refusal.message) == (code, message)


def test_support_gets_its_correlation_id() -> None:
    infos = [
        {"type": "ComponentName", "info": {"value": "managementfrontend"}},
        {"type": "Correlation", "info": {"value": {"operation": "o-1", "request": "r-1"}}},
    ]
    body = envelope("x", additionalInfo=infos)
    assert read_refusal(400, body, {}).correlation_id == "r-1"
    assert read_refusal(400, body, {"X-Ms-Correlation-Request-Id": "h-1"}).correlation_id == "h-1"


def test_no_secret_is_told() -> None:
    said = "GET https://x/y?sv=1&sig=abc%2Bdef failed, Authorization: Bearer eyJ0.e30.x; AccountKey=q+w=="
    found = read_refusal(403, json.dumps({"error": {"code": "X", "message": said}}), {}).message
    assert not any(secret in found for secret in ("abc%2Bdef", "eyJ0", "q+w"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "7"}, 7.0), ({"x-ms-retry-after-ms": "250", "Retry-After": "9"}, 0.25), ({}, None)],
)
def test_the_time_to_wait_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert read_refusal(429, "", headers).retry_after == seconds


BUSY_TEXT = "Cannot create a deployment in endpoint e because it is in Updating provisioning state."
DEAD_TEXT = "This endpoint has not been created successfully or is in deleting provisioning state. Please recreate."


@pytest.mark.parametrize(
    ("refusal", "kind", "hint"),
    [
        (Refusal(status=400, message=UNRECOVERABLE), WorkspaceError, "the next plan"),
        (Refusal(status=400, message=NO_QUOTA), WorkspaceError, "quota"),
        (Refusal(status=200, code="ResourceNotReady", message=CRASHED), OperationFailed, "log"),
        (Refusal(status=200, code="OperationFailed"), OperationFailed, "logs"),
        (Refusal(status=400, message=BUSY_TEXT), Busy, "wait"),
        (Refusal(status=400, message=DEAD_TEXT), WorkspaceError, "replace"),
        (Refusal(status=429), Busy, "wait"),
        (Refusal(status=423, message="locked"), Busy, "wait"),
        (Refusal(status=409, message="conflict"), Busy, "wait"),
        (Refusal(status=200, code="OperationCanceled"), Busy, "run the command again"),
        (Refusal(status=201, message="failed"), OperationFailed, ""),
        (Refusal(status=300, message="moved"), WorkspaceError, ""),
        (Refusal(status=401, message="expired"), SignInFailed, SIGN_IN_HINT),
        (Refusal(status=403, code="AuthorizationFailed", message="no"), SignInFailed, "AzureML Data Scientist"),
        (Refusal(status=403, message="no"), SignInFailed, "AzureML Data Scientist"),
        (Refusal(status=404, code="ResourceGroupNotFound", message="no"), NotFound, COORDINATES_HINT),
        (Refusal(status=404, message="The Resource 'a/workspaces/w' under resource group"), NotFound, COORDINATES_HINT),
        (Refusal(status=0, message="refused"), Unreachable, "network"),
    ],
)
def test_each_refusal_has_its_kind_and_a_way_out(refusal: Refusal, kind: type[WorkspaceError], hint: str) -> None:
    error = error_of(refusal, "write endpoint e")
    assert type(error) is kind
    assert error.message.startswith("Could not write endpoint e: ")
    assert hint in error.hint


def test_only_a_code_of_azure_is_a_code() -> None:
    assert error_of(Refusal(status=400, message="no"), "write e").code == ""
    assert error_of(Refusal(status=400, code="BadArgument", message="no"), "write e").code == "BadArgument"
