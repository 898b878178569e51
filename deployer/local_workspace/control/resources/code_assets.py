"""Code assets: where a folder is uploaded to, and the version that names it."""

from __future__ import annotations

import uuid

from deployer.local_workspace.blob.access import signature
from deployer.local_workspace.blob.addresses import container_url
from deployer.local_workspace.control import refusals
from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.paging import page
from deployer.local_workspace.control.request import PROVIDER, WORKSPACE, Call, Reply
from deployer.local_workspace.control.response_bodies import asset_state
from deployer.local_workspace.control.shapes import CODE, OneOf, check, texts
from deployer.local_workspace.control.timestamps import asset_stamped
from deployer.local_workspace.store import Document

_UPLOAD_SECONDS = 3_600


async def start_upload(context: ServerContext, call: Call) -> Reply:
    """POST codes/{name}/versions/{version}/startPendingUpload: a new container and a signature for it."""
    check(call.content, {"pendingUploadType": OneOf(("None", "TemporaryBlobReference")), "pendingUploadId": str})
    container = f"{context.workspace_id[:10]}-{uuid.uuid4()}"
    url = container_url(context.base, container)
    credential = {"credentialType": "SAS", "sasUri": f"{url}?{signature(context.store, container, _UPLOAD_SECONDS)}"}
    reference = {"blobUri": url, "storageAccountArmId": f"{WORKSPACE}/storage", "credential": credential}
    return Reply(
        body={
            "blobReferenceForConsumption": reference,
            "pendingUploadId": str(uuid.uuid4()),
            "pendingUploadType": "TemporaryBlobReference",
        }
    )


async def put_code(context: ServerContext, call: Call) -> Reply:
    """PUT codes/{name}/versions/{version}: 200 for an existing version; the answer never says anonymous."""
    check(call.content, CODE)
    key = call.key("name", "version")
    before = context.store.get("code", key)
    asked = {name: value for name, value in (call.content.get("properties") or {}).items() if value is not None}
    blank: Document = {"description": None, "tags": {}, "properties": {}, "isArchived": False}
    code: Document = {
        "name": call.names["name"],
        "version": call.names["version"],
        "properties": blank | asked | {"properties": texts(asked.get("properties")), "isAnonymous": False},
        "systemData": asset_stamped(before and before["systemData"]),
    }
    if before and before["properties"].get("codeUri") != code["properties"].get("codeUri"):
        name = f"{call.names['name']}:{call.names['version']}"
        raise ArmRefused(refusals.ASSET_EXISTS, {"kind": "Code", "name": name})
    context.store.put("code", key, code)
    location = f"{context.base}{WORKSPACE}/codes/{code['name']}/versions/{code['version']}?api-version={call.version}"
    headers = {} if before else {"Location": location}
    return Reply(status=200 if before else 201, body=_shown(code, call.version), headers=headers)


async def get_code(context: ServerContext, call: Call) -> Reply:
    """GET codes/{name}/versions/{version}."""
    code = context.store.get("code", call.key("name", "version"), stale=call.stale)
    if code is None:
        name = f"{call.names['name']}:{call.names['version']}"
        raise ArmRefused(refusals.NO_ASSET, {"kind": "Code", "name": name})
    return Reply(body=_shown(code, call.version))


async def list_codes(context: ServerContext, call: Call) -> Reply:
    """GET codes/{name}/versions: with `hash`, the versions of any name that have this content."""
    wanted = call.query.get("hash")
    found = context.store.list("code", "" if wanted else f"{call.key('name')}/", stale=call.stale)
    if wanted:
        found = [code for code in found if code["properties"]["properties"].get("hash_sha256") == wanted]
    return page(context, call, found, "$top", lambda code: _shown(code, call.version))


def _shown(code: Document, version: str) -> dict[str, object]:
    return {
        "id": f"{WORKSPACE}/codes/{code['name']}/versions/{code['version']}",
        "name": code["version"],
        "type": f"{PROVIDER}/workspaces/codes/versions",
        "properties": code["properties"] | asset_state(version),
        "systemData": code["systemData"],
    }
