"""Managed online deployments: PUT, GET, list, PATCH, DELETE, logs and SKUs."""

from __future__ import annotations

from typing import Any, cast

from deployer.local_workspace.control import refusals
from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.operations import (
    SECONDS,
    accepted_headers,
    begin,
    conclude,
    launch,
    run,
    status_url,
    supersede,
)
from deployer.local_workspace.control.paging import page
from deployer.local_workspace.control.request import NULL, Call, Reply
from deployer.local_workspace.control.resources import endpoints
from deployer.local_workspace.control.resources.core_quota import check_quota
from deployer.local_workspace.control.resources.names import check_name
from deployer.local_workspace.control.response_bodies import deployment_body, endpoint_id
from deployer.local_workspace.control.shapes import DEPLOYMENT_PATCH, OneOf, check, deployment_shape, texts
from deployer.local_workspace.control.state.workloads import check_references, code_folder, workload
from deployer.local_workspace.control.timestamps import now, stamped
from deployer.local_workspace.ports import Container, WorkloadFailed
from deployer.local_workspace.store import Document

_MOST = 20
_LOGS = {"containerType": OneOf(("StorageInitializer", "InferenceServer")), "tail": int}


def find(context: ServerContext, call: Call) -> Document:
    """The deployment this path names."""
    endpoints.find(context, call)
    deployment = context.store.get("deployment", call.key("endpoint", "deployment"), stale=call.stale)
    if deployment is None:
        raise ArmRefused(refusals.NOT_FOUND)
    return deployment


async def get_deployment(context: ServerContext, call: Call) -> Reply:
    """GET deployments/{deployment}."""
    return Reply(body=deployment_body(context, find(context, call), call.version))


async def list_deployments(context: ServerContext, call: Call) -> Reply:
    """GET deployments, oldest first."""
    endpoints.find(context, call)
    found = context.store.list("deployment", f"{call.key('endpoint')}/", stale=call.stale)
    found = endpoints.in_order(found, call.query.get("$orderBy", ""))
    return page(context, call, found, "$top", lambda item: deployment_body(context, item, call.version))


async def put_deployment(context: ServerContext, call: Call) -> Reply:
    """PUT deployments/{deployment}: 201; the workload is started, or replaced, by the operation."""
    check_name(call.names["deployment"])
    check(call.content, deployment_shape(call.version))
    key = call.key("endpoint", "deployment")
    endpoint, before = endpoints.find(context, call), context.store.get("deployment", key)
    desired = _desired(context, call)
    _check_allowed(context, call, endpoint, before, desired)
    operation = begin(context, call, "odidp", "put-deployment", key)
    new = {
        "endpoint": endpoint["name"],
        "name": call.names["deployment"],
        "provisioned": False,
        "serving": None,
        "error": None,
    }
    deployment = (before or new | desired) | {
        "operation": {"name": operation["name"], "version": call.version},
        "state": "Updating",
        "pending": desired,
        "systemData": stamped(before and before["systemData"]),
    }
    if call.overlap:
        supersede(context, key)
    launch(context, operation, deployment, finish_put)
    path = f"{endpoint_id(endpoint['name'])}/deployments/{deployment['name']}"
    location = f"{context.base}{path}?api-version={call.version}"
    headers = accepted_headers(context, operation, location)
    return Reply(status=201, body=deployment_body(context, deployment, call.version), headers=headers)


async def finish_put(context: ServerContext, operation: Document) -> None:
    """The second half of a PUT. If it fails, the previous content keeps serving."""
    key = operation["key"]
    deployment = context.store.get("deployment", key)
    if deployment is None:
        return

    async def serve() -> None:
        await context.serving.put(workload(context.store, context.blobs, deployment | deployment["pending"]))

    seconds = SECONDS["update-deployment" if deployment["provisioned"] else "create-deployment"]
    failure = await run(context, operation, seconds, serve)
    desired = deployment["pending"]
    won = {"state": "Failed"} if failure else desired | {"state": "Succeeded", "provisioned": True, "serving": desired}
    won["error"] = failure.message if failure else None
    moment = {"systemData": deployment["systemData"] | {"lastModifiedAt": now()}}
    with context.store.together():
        context.store.amend("deployment", key, deployment | won | moment | {"pending": None})
        conclude(context, operation, failure)
    context.routes.refresh(key.split("/")[0])


async def restore(context: ServerContext, deployment: Document) -> None:
    """Restart what was serving before the server restarted."""
    key = f"{deployment['endpoint']}/{deployment['name']}".lower()
    context.warming.add(key)
    try:
        await context.serving.put(workload(context.store, context.blobs, deployment | deployment["serving"]))
        found = {"state": "Succeeded", "error": None}
    except WorkloadFailed as failure:
        found = {"state": "Failed", "error": failure.message}
    finally:
        context.warming.discard(key)
    current = context.store.get("deployment", key)
    if current is not None and current["state"] in ("Succeeded", "Failed"):
        context.store.amend("deployment", key, current | found)


async def patch_deployment(context: ServerContext, call: Call) -> Reply:
    """PATCH deployments/{deployment}: tags and the number of instances."""
    check(call.content, DEPLOYMENT_PATCH)
    deployment = find(context, call)
    key = call.key("endpoint", "deployment")
    _check_idle(context, deployment)
    if (tags := call.content.get("tags")) is not None:
        deployment["tags"] = texts(tags)
    capacity = (call.content.get("sku") or {}).get("capacity")
    deployment["systemData"] = stamped(deployment["systemData"])
    if capacity is None or capacity == deployment["capacity"]:
        context.store.put("deployment", key, deployment)
        return Reply(body=deployment_body(context, deployment, call.version))
    return _scale(context, call, deployment | {"pending": _pending(deployment) | {"capacity": capacity}})


def _scale(context: ServerContext, call: Call, deployment: Document) -> Reply:
    key = call.key("endpoint", "deployment")
    check_quota(context.store, key, deployment["pending"])
    operation = begin(context, call, "odidp", "put-deployment", key)
    deployment |= {"state": "Scaling", "operation": {"name": operation["name"], "version": call.version}}
    launch(context, operation, deployment, finish_put)
    headers = accepted_headers(context, operation, status_url(context, operation, results=True))
    return Reply(status=202, body=deployment_body(context, deployment, call.version), headers=headers)


async def delete_deployment(context: ServerContext, call: Call) -> Reply:
    """DELETE deployments/{deployment}: refused while it takes traffic."""
    key = call.key("endpoint", "deployment")
    deployment, endpoint = context.store.get("deployment", key), context.store.get("endpoint", call.key("endpoint"))
    if deployment is None or endpoint is None:
        return Reply(status=204)
    shares = endpoint["traffic"] | ((endpoint["pending"] or {}).get("traffic") or {})
    for name, share in shares.items():
        if name.lower() == deployment["name"].lower() and share:
            values = {"deployment": deployment["name"], "share": str(share), "endpoint": endpoint["name"]}
            raise ArmRefused(refusals.TAKES_TRAFFIC, values)
    operation = begin(context, call, "odidp", "delete-deployment", key)
    launch(context, operation, deployment | {"state": "Deleting", "pending": None}, finish_delete)
    headers = accepted_headers(context, operation, status_url(context, operation, results=True))
    return Reply(status=202, body=NULL, headers=headers)


async def finish_delete(context: ServerContext, operation: Document) -> None:
    """The second half of a DELETE; its mirrored share is removed from the split with it."""
    key = operation["key"]
    endpoint, name = key.split("/")
    failure = await run(context, operation, SECONDS["delete"], lambda: context.serving.delete(endpoint, name))
    with context.store.together():
        if failure is None:
            context.store.delete("deployment", key)
            _forget_shares(context, endpoint, name)
        endpoints.mark_failed(context, "deployment", key, failure is not None)
        conclude(context, operation, failure)
    context.routes.refresh(endpoint)


def _forget_shares(context: ServerContext, endpoint: str, name: str) -> None:
    document = context.store.get("endpoint", endpoint)
    if document is None:
        return
    for member in ("traffic", "mirrorTraffic"):
        document[member] = {key: share for key, share in document[member].items() if key.lower() != name}
    context.store.amend("endpoint", endpoint, document)


async def get_logs(context: ServerContext, call: Call) -> Reply:
    """POST deployments/{deployment}/getLogs."""
    check(call.content, _LOGS)
    find(context, call)
    endpoint, name = call.key("endpoint", "deployment").split("/")
    asked = (call.content.get("containerType") or "InferenceServer").lower()
    container = "StorageInitializer" if asked == "storageinitializer" else "InferenceServer"
    tail = call.content.get("tail") or 100
    return Reply(body={"content": context.serving.logs(endpoint, name, cast("Container", container), max(1, tail))})


async def list_skus(context: ServerContext, call: Call) -> Reply:
    """GET deployments/{deployment}/skus."""
    find(context, call)
    sku = {
        "resourceType": "Microsoft.MachineLearning.Services/endpoints/deployments",
        "sku": {"name": "Default", "tier": "Standard"},
        "capacity": {"minimum": 1, "maximum": 50, "default": 1, "scaleType": "Manual"},
    }
    return Reply(body={"value": [sku]})


def _pending(deployment: Document) -> Document:
    return {name: deployment[name] for name in ("content", "capacity", "tags", "location")}


def _desired(context: ServerContext, call: Call) -> Document:
    """What this body asks for."""
    properties: dict[str, Any] = dict(call.content.get("properties") or {})
    properties.pop("provisioningState", None)
    kept = texts(properties.get("properties"))
    properties["properties"] = {name: value for name, value in kept.items() if name != "AzureAsyncOperationUri"}
    properties["environmentVariables"] = texts(properties.get("environmentVariables"))
    if not properties.get("instanceType"):
        path = "properties.instanceType"
        raise ArmRefused(refusals.WRONG_BODY, {"path": path, "problem": "The InstanceType field is required."})
    capacity = (call.content.get("sku") or {}).get("capacity")
    if capacity == 0:
        problem = "The value 0 is not between 1 and 50."
        raise ArmRefused(refusals.WRONG_BODY, {"path": "sku.capacity", "problem": problem})
    if properties.get("codeConfiguration"):
        properties["codeFolder"] = code_folder(context.store, properties["codeConfiguration"])
    return {
        "content": properties,
        "capacity": capacity or 1,
        "tags": texts(call.content.get("tags")),
        "location": call.content.get("location"),
    }


def _check_allowed(
    context: ServerContext, call: Call, endpoint: Document, before: Document | None, desired: Document
) -> None:
    """Refuse a PUT that Azure would refuse."""
    match endpoint["state"]:
        case "Creating" | "Updating" if call.overlap:
            pass
        case "Creating" | "Updating" as state:
            raise ArmRefused(refusals.ENDPOINT_BUSY, {"endpoint": endpoint["name"], "state": state})
        case "Failed" if not endpoint["created"]:
            raise ArmRefused(refusals.ENDPOINT_UNUSABLE)
        case "Deleting":
            raise ArmRefused(refusals.ENDPOINT_UNUSABLE)
    if before is None:
        _check_room(context, endpoint)
    else:
        if not call.overlap:
            _check_idle(context, before)
        endpoints.check_properties(before["content"]["properties"], desired["content"]["properties"])
        egress = _egress(before["content"]), _egress(desired["content"])
        if egress[0] != egress[1]:
            raise ArmRefused(refusals.EGRESS_CHANGED, {"deployment": before["name"]})
    check_references(context.store, desired["content"])
    check_quota(context.store, call.key("endpoint", "deployment"), desired)


def _egress(content: Document) -> str:
    return str(content.get("egressPublicNetworkAccess") or "Enabled").lower()


def _check_room(context: ServerContext, endpoint: Document) -> None:
    if len(context.store.list("deployment", f"{endpoint['name'].lower()}/")) >= _MOST:
        values = {"endpoint": endpoint["name"], "limit": str(_MOST)}
        raise ArmRefused(refusals.TOO_MANY_DEPLOYMENTS, values)


def _check_idle(context: ServerContext, deployment: Document) -> None:
    state = deployment["state"]
    if f"{deployment['endpoint']}/{deployment['name']}".lower() in context.warming:
        state = "Updating"
    if state in ("Creating", "Updating", "Scaling", "Deleting"):
        raise ArmRefused(refusals.BUSY, {"kind": "Deployment", "name": deployment["name"], "state": state})
    if state == "Failed" and not deployment["provisioned"]:
        raise ArmRefused(refusals.UNRECOVERABLE, {"deployment": deployment["name"]})
