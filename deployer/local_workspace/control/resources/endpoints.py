"""Online endpoints: PUT, GET, list, PATCH and DELETE."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

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
from deployer.local_workspace.control.paging import holds, page
from deployer.local_workspace.control.request import NULL, Call, Reply
from deployer.local_workspace.control.resources.names import check_name
from deployer.local_workspace.control.resources.traffic_split import check_traffic, shares
from deployer.local_workspace.control.response_bodies import endpoint_body, endpoint_id
from deployer.local_workspace.control.shapes import ENDPOINT, ENDPOINT_PATCH, check, texts
from deployer.local_workspace.control.timestamps import now, stamped
from deployer.local_workspace.store import Document

_MOST = 100
# What the service writes into `properties`: a caller that sends it back means nothing by it.
_OWN = {"azureml.onlineendpointid", "AzureAsyncOperationUri", "createdBy", "createdAt", "lastModifiedAt"}


def find(context: ServerContext, call: Call) -> Document:
    """The endpoint this path names."""
    endpoint = context.store.get("endpoint", call.key("endpoint"), stale=call.stale)
    if endpoint is None:
        raise ArmRefused(refusals.NOT_FOUND)
    return endpoint


async def get_endpoint(context: ServerContext, call: Call) -> Reply:
    """GET onlineEndpoints/{endpoint}."""
    return Reply(body=endpoint_body(context, find(context, call)))


async def list_endpoints(context: ServerContext, call: Call) -> Reply:
    """GET onlineEndpoints, by name, tags and properties where asked, `count` to a page."""
    endpoints = [item for item in context.store.list("endpoint", stale=call.stale) if _asked_for(item, call.query)]
    endpoints = in_order(endpoints, call.query.get("orderBy", ""))
    return page(context, call, endpoints, "count", lambda item: endpoint_body(context, item))


def in_order(found: list[Document], order: str) -> list[Document]:
    """Sorted by creation or change as `orderBy` says: CreatedAtAsc, CreatedAtDesc, UpdatedAtAsc, UpdatedAtDesc."""
    stamp = "lastModifiedAt" if order.startswith("Updated") else "createdAt"
    return sorted(found, key=lambda item: str(item["systemData"][stamp]), reverse=order.endswith("Desc"))


def _asked_for(endpoint: Document, query: Mapping[str, str]) -> bool:
    if query.get("name", endpoint["name"]).lower() != endpoint["name"].lower():
        return False
    if query.get("computeType", "Managed").lower() != "managed":
        return False
    return holds(endpoint["tags"], query.get("tags")) and holds(endpoint["properties"], query.get("properties"))


async def put_endpoint(context: ServerContext, call: Call) -> Reply:
    """PUT onlineEndpoints/{endpoint}: 201 for new and existing endpoints; the old values are shown until it is done."""
    check_name(call.names["endpoint"])
    check(call.content, ENDPOINT)
    key = call.key("endpoint")
    before = context.store.get("endpoint", key)
    _check_allowed(context, call, before)
    operation = begin(context, call, "oeidp", "put-endpoint", key)
    endpoint = (before or _blank(call)) | {
        "operation": {"name": operation["name"], "version": call.version},
        "state": "Updating" if before else "Creating",
        "pending": _desired(call.content, before),
        "systemData": stamped(before and before["systemData"]),
    }
    if call.overlap:
        supersede(context, key)
    launch(context, operation, endpoint, finish_put)
    location = f"{context.base}{endpoint_id(endpoint['name'])}?api-version={call.version}"
    headers = accepted_headers(context, operation, location)
    return Reply(status=201, body=endpoint_body(context, endpoint), headers=headers)


async def finish_put(context: ServerContext, operation: Document) -> None:
    """The second half of a PUT; a restarted server calls it for operations that had not finished."""

    async def nothing() -> None:
        return None

    key = operation["key"]
    before = context.store.get("endpoint", key)
    seconds = SECONDS["update-endpoint" if before and before["created"] else "create-endpoint"]
    failure = await run(context, operation, seconds, nothing)
    endpoint = context.store.get("endpoint", key)
    if endpoint is None:
        return
    desired = {} if failure else endpoint["pending"] | {"created": True}
    endpoint |= desired | {"pending": None, "state": "Failed" if failure else "Succeeded"}
    endpoint["systemData"] = endpoint["systemData"] | {"lastModifiedAt": now()}
    with context.store.together():
        context.store.amend("endpoint", key, endpoint)
        conclude(context, operation, failure)
    context.routes.refresh(key)


async def patch_endpoint(context: ServerContext, call: Call) -> Reply:
    """PATCH onlineEndpoints/{endpoint}: tags; the identity only if it is unchanged."""
    check(call.content, ENDPOINT_PATCH)
    endpoint = find(context, call)
    _check_idle(endpoint)
    _check_identity(endpoint, call.content.get("identity"))
    if (tags := call.content.get("tags")) is not None:
        endpoint["tags"] = texts(tags)
    endpoint["systemData"] = stamped(endpoint["systemData"])
    context.store.put("endpoint", call.key("endpoint"), endpoint)
    return Reply(body=endpoint_body(context, endpoint))


async def delete_endpoint(context: ServerContext, call: Call) -> Reply:
    """DELETE onlineEndpoints/{endpoint}: with all its deployments, even those that take traffic."""
    key = call.key("endpoint")
    endpoint = context.store.get("endpoint", key)
    if endpoint is None:
        return Reply(status=204)
    operation = begin(context, call, "oeidp", "delete-endpoint", key)
    launch(context, operation, endpoint | {"state": "Deleting", "pending": None}, finish_delete)
    headers = accepted_headers(context, operation, status_url(context, operation, results=True))
    return Reply(status=202, body=NULL, headers=headers)


async def finish_delete(context: ServerContext, operation: Document) -> None:
    """The second half of a DELETE."""
    key = operation["key"]
    deployments = [f"{item['endpoint']}/{item['name']}".lower() for item in context.store.list("deployment", f"{key}/")]

    async def end_all() -> None:
        for deployment in deployments:
            await context.tasks.stop(f"deployment {deployment}")
            await context.serving.delete(*deployment.split("/"))

    failure = await run(context, operation, SECONDS["delete"], end_all)
    with context.store.together():
        if failure is None:
            for deployment in deployments:
                context.store.delete("deployment", deployment)
            context.store.delete("endpoint", key)
        conclude(context, operation, failure)
        mark_failed(context, "endpoint", key, failure is not None)
    context.routes.refresh(key)


def mark_failed(context: ServerContext, kind: str, key: str, failed: bool) -> None:
    """Record that a delete failed."""
    if failed and (document := context.store.get(kind, key)) is not None:
        context.store.amend(kind, key, document | {"state": "Failed"})


def _check_allowed(context: ServerContext, call: Call, before: Document | None) -> None:
    """Refuse a PUT that Azure would refuse, in the order it looks at things."""
    asked = call.content
    if not (asked.get("identity") or {}).get("type"):
        raise ArmRefused(refusals.NO_IDENTITY)
    if not (asked.get("properties") or {}).get("authMode"):
        raise ArmRefused(
            refusals.WRONG_BODY, {"path": "properties.authMode", "problem": "The AuthMode field is required."}
        )
    if before is None and len(context.store.list("endpoint")) >= _MOST:
        raise ArmRefused(refusals.TOO_MANY_ENDPOINTS, {"limit": str(_MOST)})
    if before is not None:
        if not call.overlap:
            _check_idle(before)
        _check_identity(before, asked["identity"])
        check_properties(before["properties"], texts(asked["properties"].get("properties")))
    check_traffic(context, call.names["endpoint"], asked["properties"])


def _check_idle(endpoint: Document) -> None:
    match endpoint["state"]:
        case "Deleting":
            raise ArmRefused(refusals.ENDPOINT_NAME_TAKEN)
        case "Creating" | "Updating" as state:
            raise ArmRefused(refusals.BUSY, {"kind": "Endpoint", "name": endpoint["name"], "state": state})
        case "Failed" if not endpoint["created"]:
            raise ArmRefused(refusals.ENDPOINT_FAILED, {"endpoint": endpoint["name"]})


def _check_identity(endpoint: Document, asked: Mapping[str, Any] | None) -> None:
    if asked is None:
        return
    owned = set(endpoint["identity"].get("userAssignedIdentities") or ())
    wanted = set(asked.get("userAssignedIdentities") or ())
    if asked["type"].replace(" ", "").lower() != endpoint["identity"]["type"].lower() or owned != wanted:
        raise ArmRefused(refusals.IDENTITY_CHANGED, {"endpoint": endpoint["name"]})


def check_properties(before: Mapping[str, str], asked: Mapping[str, str]) -> None:
    """Refuse another value of a property, of an endpoint or a deployment."""
    for name, value in asked.items():
        if name not in _OWN and before.get(name, value) != value:
            raise ArmRefused(refusals.PROPERTY_CHANGED, {"name": name})


def _blank(call: Call) -> Document:
    """A new endpoint: everything declared shows at once but traffic, which has nowhere to go yet."""
    asked = call.content["properties"].get("keys") or {}
    keys = {name: asked.get(name) or new_key() for name in ("primaryKey", "secondaryKey")}
    return _desired(call.content, None) | {"name": call.names["endpoint"], "created": False, "keys": keys}


def new_key() -> str:
    """A random endpoint key."""
    return base64.b64encode(secrets.token_bytes(24)).decode()


def _desired(content: Mapping[str, Any], before: Document | None) -> Document:
    """The members of an endpoint that this body asks for; omitted members have their defaults."""
    properties = content["properties"]
    modes = {"key": "Key", "amltoken": "AMLToken", "aadtoken": "AADToken"}
    kept = {name: value for name, value in texts(properties.get("properties")).items() if name not in _OWN}
    return {
        "description": properties.get("description"),
        "properties": (before["properties"] if before else {}) | kept,
        "authMode": modes[properties["authMode"].lower()],
        "traffic": shares(properties, "traffic"),
        "mirrorTraffic": shares(properties, "mirrorTraffic"),
        "publicNetworkAccess": (properties.get("publicNetworkAccess") or "Enabled").capitalize(),
        "tags": texts(content.get("tags")),
        "location": content.get("location"),
        "identity": before["identity"] if before else _identity(content["identity"]),
    }


def _identity(asked: Mapping[str, Any]) -> dict[str, Any]:
    identity: dict[str, Any] = {"type": asked["type"]}
    if "SystemAssigned" in asked["type"]:
        identity |= {"principalId": str(uuid.uuid4()), "tenantId": str(uuid.UUID(int=0))}
    if users := asked.get("userAssignedIdentities"):
        ids = {user: {"principalId": str(uuid.uuid4()), "clientId": str(uuid.uuid4())} for user in users}
        identity["userAssignedIdentities"] = ids
    return identity
