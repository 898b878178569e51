"""Models, environments and data assets: versions and their containers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deployer.local_workspace.control import refusals
from deployer.local_workspace.control.context import Handler, ServerContext
from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.paging import after_offset, holds, page
from deployer.local_workspace.control.request import PROVIDER, WORKSPACE, Call, Reply
from deployer.local_workspace.control.resources.model_content import conda_as_json, flavors
from deployer.local_workspace.control.response_bodies import asset_state
from deployer.local_workspace.control.shapes import CONTAINER, DATA_ASSET, ENVIRONMENT, MODEL, check, texts
from deployer.local_workspace.control.state.workloads import model_path
from deployer.local_workspace.control.timestamps import asset_stamped
from deployer.local_workspace.store import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetKind:
    """A kind of versioned asset: its names, what a version may hold, and which fields cannot change."""

    kind: str
    plural: str
    shape: Mapping[str, object]
    fixed: tuple[str, ...]
    added: Callable[[ServerContext, Mapping[str, Any]], dict[str, Any]]
    """What the service adds to what was asked for."""


def _model_added(context: ServerContext, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the service adds to a model: its type, and the flavors its MLmodel file names."""
    uri = str(asked.get("modelUri") or "").replace("/resourcegroups/", "/resourceGroups/")
    path = model_path(context.store, context.blobs, uri)
    kind = asked.get("modelType") or "custom_model"
    found = flavors(path) if path and kind == "mlflow_model" else {}
    return {"flavors": found, "modelType": kind, "modelUri": uri, "jobName": asked.get("jobName")}


def _environment_added(_: ServerContext, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the service adds to an environment; conda files come back as JSON text."""
    added: dict[str, Any] = {"environmentType": "UserCreated", "osType": asked.get("osType") or "Linux"}
    if asked.get("build"):
        added["build"] = {"dockerfilePath": "Dockerfile"} | asked["build"]
    return added | ({"condaFile": conda_as_json(asked["condaFile"])} if asked.get("condaFile") else {})


def _data_added(_: ServerContext, asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"dataType": asked.get("dataType") or "uri_folder"}


MODELS = AssetKind(kind="model", plural="models", shape=MODEL, fixed=("modelUri", "modelType"), added=_model_added)
ENVIRONMENTS = AssetKind(
    kind="environment",
    plural="environments",
    shape=ENVIRONMENT,
    fixed=("image", "condaFile", "build", "inferenceConfig"),
    added=_environment_added,
)
# What a deployment's data collector writes to; nothing is collected here.
DATA = AssetKind(kind="data", plural="data", shape=DATA_ASSET, fixed=("dataUri", "dataType"), added=_data_added)


@dataclass(frozen=True, slots=True)
class Assets:
    """The answers for one kind of asset."""

    of: AssetKind

    async def get_version(self, context: ServerContext, call: Call) -> Reply:
        """GET {plural}/{name}/versions/{version}."""
        return Reply(body=_shown(self.of, self._find(context, call), call.version))

    async def list_versions(self, context: ServerContext, call: Call) -> Reply:
        """GET {plural}/{name}/versions: newest first, active ones unless asked otherwise."""
        found = context.store.list(self.of.kind, f"{call.key('name')}/", stale=call.stale)
        found = [item for item in reversed(found) if _in_view(item["properties"], call)]
        found = [item for item in found if _asked_for(item, call.query)]
        if call.query.get("$orderBy", "desc").lower().endswith(" asc"):
            found.reverse()
        return page(context, call, after_offset(found, call), "$top", lambda item: _shown(self.of, item, call.version))

    async def put_version(self, context: ServerContext, call: Call) -> Reply:
        """PUT {plural}/{name}/versions/{version}: 201, also for an existing version with the same content."""
        check(call.content, self.of.shape)
        key = call.key("name", "version")
        before = context.store.get(self.of.kind, key)
        asset = self._desired(context, call, before)
        if before is not None:
            _check_same(self.of, call, before["properties"], asset["properties"])
        context.store.put(self.of.kind, key, asset)
        location = f"{context.base}{_id(self.of, asset)}?api-version={call.version}"
        return Reply(status=201, body=_shown(self.of, asset, call.version), headers={"Location": location})

    async def delete_version(self, context: ServerContext, call: Call) -> Reply:
        """DELETE {plural}/{name}/versions/{version}."""
        key = call.key("name", "version")
        there = context.store.get(self.of.kind, key) is not None
        context.store.delete(self.of.kind, key)
        return Reply(status=200 if there else 204)

    async def get_container(self, context: ServerContext, call: Call) -> Reply:
        """GET {plural}/{name}: the newest version and the next version number."""
        found = context.store.list(self.of.kind, f"{call.key('name')}/", stale=call.stale)
        if not found:
            raise ArmRefused(refusals.NO_ASSET, {"kind": self._kind(), "name": call.names["name"]})
        return Reply(body=_container(self.of, found, context))

    async def list_containers(self, context: ServerContext, call: Call) -> Reply:
        """GET {plural}."""
        grouped: dict[str, list[Document]] = {}
        for item in context.store.list(self.of.kind, stale=call.stale):
            if not item["properties"].get("isAnonymous"):
                grouped.setdefault(item["name"].lower(), []).append(item)
        bodies = [_container(self.of, found, context) for found in grouped.values()]
        bodies = [body for body in bodies if _in_view(body["properties"], call)]
        return page(context, call, bodies, "count", lambda body: body)

    async def put_container(self, context: ServerContext, call: Call) -> Reply:
        """PUT {plural}/{name}: description, tags and whether it is archived."""
        check(call.content, CONTAINER)
        found = context.store.list(self.of.kind, f"{call.key('name')}/")
        if not found:
            raise ArmRefused(refusals.NO_ASSET, {"kind": self._kind(), "name": call.names["name"]})
        asked = call.content.get("properties") or {}
        kept = {name: asked.get(name) for name in ("description", "tags", "properties", "isArchived")}
        context.store.put("container", f"{self.of.kind}/{call.key('name')}", kept)
        return Reply(body=_container(self.of, found, context))

    def _find(self, context: ServerContext, call: Call) -> Document:
        found = context.store.get(self.of.kind, call.key("name", "version"), stale=call.stale)
        if found is None:
            name = f"{call.names['name']}:{call.names['version']}"
            raise ArmRefused(refusals.NO_ASSET, {"kind": self._kind(), "name": name})
        return found

    def _kind(self) -> str:
        return self.of.kind.capitalize()

    def _desired(self, context: ServerContext, call: Call, before: Document | None) -> Document:
        asked = {name: value for name, value in (call.content.get("properties") or {}).items() if value is not None}
        return {
            "name": before["name"] if before else call.names["name"],
            "version": before["version"] if before else call.names["version"],
            "properties": _BLANK | asked | self.of.added(context, asked) | _texts(asked),
            "systemData": asset_stamped(before and before["systemData"]),
        }


def _texts(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: texts(asked.get(name)) for name in ("tags", "properties")}


_BLANK: Document = {"description": None, "tags": {}, "properties": {}, "isArchived": False, "isAnonymous": False}


def _check_same(of: AssetKind, call: Call, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    for name in of.fixed:
        if before.get(name) != after.get(name):
            asset = f"{call.names['name']}:{call.names['version']}"
            raise ArmRefused(refusals.ASSET_EXISTS, {"kind": of.kind.capitalize(), "name": asset})


def _asked_for(asset: Document, query: Mapping[str, str]) -> bool:
    properties = asset["properties"]
    if query.get("version", asset["version"]) != asset["version"]:
        return False
    if "feed" in query:  # the name of a registry's feed, and there are no registries here
        return False
    for name in ("stage", "description"):
        if query.get(name, properties.get(name)) != properties.get(name):
            return False
    tags = query.get("tags") or query.get("$tags")
    return holds(properties["tags"], tags) and holds(properties["properties"], query.get("properties"))


def _in_view(properties: Mapping[str, Any], call: Call) -> bool:
    view = call.query.get("listViewType", "ActiveOnly").lower()
    archived = bool(properties.get("isArchived"))
    return view == "all" or archived == (view == "archivedonly")


def _id(of: AssetKind, asset: Document) -> str:
    return f"{WORKSPACE}/{of.plural}/{asset['name']}/versions/{asset['version']}"


def _shown(of: AssetKind, asset: Document, version: str) -> dict[str, Any]:
    return {
        "id": _id(of, asset),
        "name": asset["version"],
        "type": f"{PROVIDER}/workspaces/{of.plural}/versions",
        "properties": asset["properties"] | asset_state(version),
        "systemData": asset["systemData"],
    }


def _container(of: AssetKind, found: list[Document], context: ServerContext) -> dict[str, Any]:
    name, numbers = found[0]["name"], [int(item["version"]) for item in found if item["version"].isdecimal()]
    kept = context.store.get("container", f"{of.kind}/{name.lower()}") or {}
    return {
        "id": f"{WORKSPACE}/{of.plural}/{name}",
        "name": name,
        "type": f"{PROVIDER}/workspaces/{of.plural}",
        "properties": {
            "description": kept.get("description"),
            "tags": kept.get("tags") or {},
            "properties": kept.get("properties") or {},
            "isArchived": bool(kept.get("isArchived")),
            "latestVersion": found[-1]["version"],
            "nextVersion": str(max(numbers, default=0) + 1),
        },
        "systemData": found[0]["systemData"],
    }


def answers(of: AssetKind) -> Mapping[tuple[str, str], Handler]:
    """The answers of one kind by method and path below the workspace."""
    assets, one = Assets(of), f"/{of.plural}/{{name}}"
    return {
        ("GET", f"/{of.plural}"): assets.list_containers,
        ("GET", one): assets.get_container,
        ("PUT", one): assets.put_container,
        ("GET", f"{one}/versions"): assets.list_versions,
        ("GET", f"{one}/versions/{{version}}"): assets.get_version,
        ("PUT", f"{one}/versions/{{version}}"): assets.put_version,
        ("DELETE", f"{one}/versions/{{version}}"): assets.delete_version,
    }
