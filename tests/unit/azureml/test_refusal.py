"""Error answers of ARM, of the service behind it and of failed operations, as users reported them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deployer.azureml.causes import COORDINATES_HINT, error_of, likely_cause
from deployer.azureml.refusal import Refusal, read_refusal
from deployer.azureml.sign_in import HINT
from deployer.core.errors import Busy, NotFound, OperationFailed, SignInFailed, Unreachable, WorkspaceError


def envelope(message: str, detail: str = "InferencingClientCallFailed", **more: Any) -> str:
    found = {"code": "BadRequest", "message": "The request is invalid.", **more}
    return json.dumps({"error": {**found, "details": [{"code": detail, "message": message}]}})


def inner(*texts: str, field: str = "") -> str:
    return json.dumps({"errors": {field: list(texts)}, "title": "One or more validation errors occurred."})


def told(message: str, *details: str) -> str:
    """An error without a code."""
    return json.dumps({"error": {"message": message, "details": [{"message": detail} for detail in details]}})


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
    "not wrapped": (
        400,
        json.dumps({"code": "BadArgument", "message": "no such size"}),
        "BadArgument",
        "no such size.",
    ),
    "no object": (400, "[1]", "", "[1]."),
    "an error in words": (400, json.dumps({"error": "wrong", "message": "no such size"}), "", "no such size."),
    "failed without a word": (200, json.dumps({"status": "Failed", "error": {}}), "OperationFailed", ""),
    "still running": (200, json.dumps({"status": "Running"}), "", ""),
    "code before reason": (
        200,
        json.dumps({"status": "Failed", "error": {"code": "ModelRegistryError", "message": CRASHED}}),
        "ModelRegistryError",
        CRASHED,
    ),
    "code of its own before that of a detail": (
        400,
        json.dumps(
            {"error": {"code": "BadArgument", "message": "a", "details": [{"code": "Telling", "message": "b"}]}}
        ),
        "BadArgument",
        "b. a.",
    ),
    "the last of several codes": (
        400,
        json.dumps({"error": {"code": None, "details": [{"code": "First"}, "no object", {"code": "Last"}, {"no": 1}]}}),
        "Last",
        "",
    ),
    "inner error in lower case": (
        400,
        json.dumps({"error": {"code": "UserError", "innererror": {"innererror": {"code": "Telling"}}}}),
        "Telling",
        "",
    ),
    "nothing but general codes": (
        400,
        json.dumps({"error": {"code": "UserError", "message": "no", "innerError": {"code": "BadRequest"}}}),
        "UserError",
        "no.",
    ),
    "nothing but general words": (
        400,
        json.dumps({"error": {"message": "The request is invalid."}}),
        "",
        "The request is invalid.",
    ),
    "one text for a field": (
        400,
        json.dumps({"message": '{"errors": {"VmSize": "no such size"}}'}),
        "",
        "no such size.",
    ),
    "an error in an error": (
        400,
        json.dumps({"message": '{"error": {"message": "no such size"}}'}),
        "",
        "no such size.",
    ),
    "an object without words": (404, json.dumps({"message": '{"status": 404}'}), "", ""),
    "braces that are no json": (
        400,
        json.dumps({"message": "{name} is not filled in"}),
        "",
        "{name} is not filled in.",
    ),
    "twice the same": (400, told("Why?", "Why?"), "", "Why?"),
    "several sentences": (400, told("Go", "Stop!"), "", "Stop! Go."),
    "page of a proxy": (502, " <html>Bad gateway</html>", "", ""),
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


@pytest.mark.parametrize(
    ("document", "correlation"),
    [
        ({"correlation": {"operation": "o-1", "request": "r-1"}}, "r-1"),
        ({"correlation": {"operation": "o-1"}}, "o-1"),
        ({"correlation": {}}, ""),
        ({"correlation": None, "error": {"additionalInfo": ["x", {"type": "Correlation"}]}}, ""),
        ({"error": {"additionalInfo": [{"type": "Other", "info": {"value": {"request": "r-2"}}}]}}, ""),
        ({"error": {"additionalInfo": [{"type": "Correlation", "info": {"value": {"operation": "o-2"}}}]}}, "o-2"),
    ],
    ids=str,
)
def test_the_correlation_id_is_that_of_the_request_or_else_of_the_operation(document: Any, correlation: str) -> None:
    assert read_refusal(400, json.dumps(document), {}).correlation_id == correlation


def test_a_message_has_at_most_2000_characters() -> None:
    assert len(read_refusal(400, "x" * 3000, {}).message) == 2000 + len(".")


@pytest.mark.parametrize(
    ("holds", "statuses"),
    [
        (lambda refusal: refusal.of_operation, set(range(200, 300))),
        (lambda refusal: refusal.busy, {409, 423, 429}),
        (lambda refusal: refusal.broken, {0, 408, 500, 502, 503, 504}),
    ],
    ids=["of an operation", "busy", "broken"],
)
def test_a_status_says_whether_to_wait(holds: Any, statuses: set[int]) -> None:
    assert {status for status in range(600) if holds(Refusal(status=status))} == statuses


@pytest.mark.parametrize("code", ["OperationCanceled", "Canceled"])
def test_what_was_canceled_gave_way_to_another_operation(code: str) -> None:
    assert Refusal(status=200, code=code).busy
    assert not Refusal(status=200, code="OperationFailed").busy


@pytest.mark.parametrize(
    "said",
    [
        "Another operation is under way",
        "Operation in progress",
        "ALREADY RUNNING",
        "Waiting for lock",
        "try again later",
    ],
)
def test_azure_says_in_words_that_it_is_busy(said: str) -> None:
    assert Refusal(status=400, message=said).busy


def test_no_secret_is_told() -> None:
    said = "GET https://x/y?sv=1&sig=abc%2Bdef failed, Authorization: Bearer eyJ0.e30.x; AccountKey=q+w=="
    found = read_refusal(403, json.dumps({"error": {"code": "X", "message": said}}), {}).message
    assert not any(secret in found for secret in ("abc%2Bdef", "eyJ0", "q+w"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "500", "Retry-After": "9"}, 0.5),
        ({"x-ms-retry-after-ms": "250", "Retry-After": "9"}, 0.25),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, None),
        ({"retry-after": "1.2.3"}, None),
        ({}, None),
    ],
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
        (Refusal(status=401, message="expired"), SignInFailed, HINT),
        (Refusal(status=403, code="AuthorizationFailed", message="no"), SignInFailed, "AzureML Data Scientist"),
        (Refusal(status=403, message="no"), SignInFailed, "AzureML Data Scientist"),
        (Refusal(status=404, code="ResourceGroupNotFound", message="no"), NotFound, COORDINATES_HINT),
        (Refusal(status=404, message="The Resource 'a/workspaces/w' under resource group"), NotFound, COORDINATES_HINT),
        (Refusal(status=404, message="no such endpoint"), NotFound, ""),
        (Refusal(status=400, message="Workspace not found"), WorkspaceError, ""),
        (Refusal(status=402, message="pay"), WorkspaceError, ""),
        (Refusal(status=0, message="refused"), Unreachable, "network"),
    ],
)
def test_each_refusal_has_its_kind_and_a_way_out(refusal: Refusal, kind: type[WorkspaceError], hint: str) -> None:
    error = error_of(refusal, "write endpoint e")
    assert type(error) is kind
    assert error.message.startswith("Could not write endpoint e: ")
    assert hint in error.hint
    assert bool(hint) is bool(error.hint)


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("OutOfQuota", "no", "The quota for this VM size"),
        ("", "The endpoint is in an unrecoverable state", "must be deleted and created again"),
        ("", "This endpoint has not been created successfully", "was never created"),
        ("", "There is already an endpoint with this name", "Endpoint names are unique in a region"),
        ("ImageBuildFailure", "no", "The image build of the environment failed"),
        ("", "Liveness probe failed: 502", "The container does not start"),
        ("", "Model digits:1 not found", "The model cannot be read"),
        ("LinkedAuthorizationFailed", "no", "Ask an owner of the workspace"),
        ("", "unauthorized: authentication required", "the role `AcrPull`"),
        ("SecretsInjectionError", "no", "A secret could not be injected"),
        ("WorkspaceManagedNetworkNotReady", "no", "The managed network"),
        ("MissingSubscriptionRegistration", "no", "Register the resource provider"),
        ("OperationFailed", "", "Azure gave no reason"),
        ("BadArgument", "size", "Azure rejected one of the values"),
        ("OperationCanceled", "", "came first: run the command again"),
        ("InternalServerError", "", "give the correlation ID to Azure support"),
    ],
)
def test_each_known_cause_has_its_hint(code: str, message: str, hint: str) -> None:
    assert hint in likely_cause(Refusal(status=400, code=code, message=message))
    assert likely_cause(Refusal(status=400, message="never heard of")) == ""


def test_an_error_without_a_word_has_its_status_and_each_its_id_for_support() -> None:
    error = error_of(Refusal(status=418, correlation_id="r-1"), "write e")
    assert error.message == "Could not write e: HTTP status 418, without a reason"
    assert error.correlation_id == "r-1"


def test_only_a_code_of_azure_is_a_code() -> None:
    assert error_of(Refusal(status=400, message="no"), "write e").code == ""
    assert error_of(Refusal(status=400, code="BadArgument", message="no"), "write e").code == "BadArgument"
