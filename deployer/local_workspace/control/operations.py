"""Long-running operations: their status, their results, and how they end."""

from __future__ import annotations

import asyncio
import logging
import secrets
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any

from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.refusals import NOT_FOUND
from deployer.local_workspace.control.request import LOCATION, NULL, Call, Reply
from deployer.local_workspace.control.timestamps import now
from deployer.local_workspace.ports import WorkloadFailed
from deployer.local_workspace.store import Document

_LOG = logging.getLogger("deployer.local_workspace")
_SOONEST_MS, _LATEST_MS = 50, 1_000
_NOT_YET = "0001-01-01T00:00:00+00:00"
# Seconds an operation was seen to take in recorded sessions and user reports; multiplied by `realistic`.
SECONDS = {
    "create-endpoint": 90,
    "update-endpoint": 20,
    "create-deployment": 540,
    "update-deployment": 320,
    "delete": 90,
}

Work = Callable[[], Awaitable[None]]
Finish = Callable[[ServerContext, Document], Coroutine[None, None, None]]


def begin(context: ServerContext, call: Call, kind: str, action: str, key: str) -> Document:
    """A new operation, not yet written: `kind` is oeidp or odidp; a restarted server continues it by its `action`."""
    name = f"{kind}:{context.workspace_id}:{uuid.uuid4()}"
    fault = dict(call.operation_fault) if call.operation_fault else None
    return {
        "name": name,
        "status": "Updating",
        "startTime": now(),
        "endTime": None,
        "error": None,
        "action": action,
        "key": key,
        "version": call.version,
        "fault": fault,
    }


def launch(context: ServerContext, operation: Document, document: Document, finish: Finish) -> None:
    """Write an operation and the resource it is about, and start its second half.

    A delete cancels all others.
    """
    action, _, kind = operation["action"].partition("-")
    with context.store.together():
        context.store.put(kind, operation["key"], document)
        context.store.put("operation", operation["name"].lower(), operation)
        if action == "delete":
            _cancel_others(context, operation)
    context.tasks.start(f"{kind} {operation['key']}", finish(context, operation))


def supersede(context: ServerContext, key: str) -> None:
    """End the operations under way on this resource as successes: a fault lets a PUT take their place."""
    for other in context.store.list("operation"):
        if other["key"] == key and other["status"] == "Updating":
            conclude(context, other, None)


def _cancel_others(context: ServerContext, operation: Document) -> None:
    """End the other operations under way on this resource and below it: a delete overrides them."""
    reason = {"code": "OperationCanceled", "message": "The operation was overridden by a delete of the same resource."}
    for other in context.store.list("operation"):
        below = f"{other['key']}/".startswith(f"{operation['key']}/")
        if below and other["status"] == "Updating" and other["name"] != operation["name"]:
            over = {"status": "Canceled", "endTime": now(), "error": reason}
            context.store.amend("operation", other["name"].lower(), other | over)


def conclude(context: ServerContext, operation: Document, failure: WorkloadFailed | None) -> None:
    """Record that an operation has finished."""
    context.store.amend("operation", operation["name"].lower(), ended(operation, failure))


def status_url(context: ServerContext, operation: Mapping[str, str], *, results: bool = False) -> str:
    """The address of the status of this operation."""
    route = "mfeOperationResults" if results else "mfeOperationsStatus"
    return f"{context.base}{LOCATION}/{route}/{operation['name']}?api-version={operation['version']}"


def accepted_headers(context: ServerContext, operation: Mapping[str, str], location: str) -> dict[str, str]:
    """The headers of an answer that starts an operation; Resource Manager signs the address in the header alone."""
    signature = f"&t={secrets.randbelow(10**18):018d}&c={_noise()}&s={_noise()}&h={_noise()}"
    return {
        "Azure-AsyncOperation": status_url(context, operation) + signature,
        "Location": location,
        "x-ms-async-operation-timeout": "PT30M",
        "x-ms-retry-after-ms": str(_SOONEST_MS),
    }


def _noise() -> str:
    return secrets.token_urlsafe(12)


async def run(context: ServerContext, operation: Document, seconds: float, work: Work) -> WorkloadFailed | None:
    """Do the work of an operation, taking at least the realistic time; return why it failed, or None."""
    try:
        await _meet_fault(context, operation["fault"])
        await asyncio.gather(work(), asyncio.sleep(seconds * context.realistic))
    except WorkloadFailed as failure:
        return failure
    except Exception as error:
        _LOG.exception("operation %s", operation["name"])
        return WorkloadFailed(
            "InternalServerError", f"Internal error in the local workspace: {type(error).__name__}: {error}"
        )
    return None


async def _meet_fault(context: ServerContext, fault: Mapping[str, str] | None) -> None:
    """Fail, cancel or hold this operation where a fault was injected into it."""
    match fault:
        case {"kind": "hang"}:
            await context.faults.cleared()
        case {"kind": "fail", "code": code, "message": message}:
            raise WorkloadFailed(code or None, message)
        case {"kind": "cancel", "message": message}:
            raise WorkloadFailed("OperationCanceled", message)


def ended(operation: Document, failure: WorkloadFailed | None) -> Document:
    """The operation in its final state."""
    error = {"code": failure.code, "message": failure.message} if failure else None
    status = "Succeeded"
    if failure is not None:
        status = "Canceled" if failure.code == "OperationCanceled" else "Failed"
    return operation | {"status": status, "endTime": now(), "error": error}


async def get_status(context: ServerContext, call: Call) -> Reply:
    """GET mfeOperationsStatus/{operation}; the order of members is that of the api-version asked."""
    operation = _find(context, call)
    body: dict[str, object] = {
        "id": f"{LOCATION}/mfeOperationsStatus/{operation['name']}",
        "name": operation["name"],
        "status": operation["status"],
        "startTime": operation["startTime"],
        "endTime": operation["endTime"] or _NOT_YET,
        "percentComplete": 0.0,
    }
    if call.version < "2023":
        body["status"] = body.pop("status")
    if operation["error"]:
        body["error"] = operation["error"]
    return Reply(body=body, headers=_next_look(operation))


async def get_result(context: ServerContext, call: Call) -> Reply:
    """GET mfeOperationResults/{operation}: 202 while it runs, 204 once it has finished."""
    operation = _find(context, call)
    if operation["status"] != "Updating":
        return Reply(status=204)
    location = {"Location": status_url(context, operation, results=True)}
    return Reply(status=202, body=NULL, headers=location | _next_look(operation))


def _next_look(operation: Mapping[str, Any]) -> dict[str, str]:
    """When to poll again: after a tenth of the time so far, which is soon enough and not too often."""
    age = datetime.now(UTC) - datetime.fromisoformat(operation["startTime"])
    tenth = int(age.total_seconds() * 100)
    return {"x-ms-retry-after-ms": str(min(max(tenth, _SOONEST_MS), _LATEST_MS))}


def _find(context: ServerContext, call: Call) -> Document:
    operation = context.store.get("operation", call.names["operation"].lower())
    if operation is None:
        raise ArmRefused(NOT_FOUND)
    return operation
