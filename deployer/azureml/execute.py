"""One step of a plan -> calls of the SDK, waited for to their end."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deployer.azureml.bookkeeping import Notes, read_notes
from deployer.azureml.kinds import entities, normalise, rows
from deployer.azureml.kinds.entities import Split
from deployer.azureml.observe import Raw, Reader, settled
from deployer.azureml.retry import wait_for
from deployer.azureml.sdk import Sdk
from deployer.core.errors import NotFound, WorkspaceError
from deployer.core.plan import Action, Step
from deployer.core.resources import Bookkeeping, KeyPath, Kind, Ref, Resource, share_map, value_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """What writing takes: the SDK, fresh reads, the project that owns what is written, and its folder."""

    sdk: Sdk
    reader: Reader
    project: str
    root: Path


def execute(writer: Writer, step: Step) -> None:
    """Carry out a step that writes. Raises WorkspaceError with Azure's own reason."""
    if step.action is Action.TEST:
        raise ValueError("a TEST step writes nothing")
    writer.sdk.wake()
    if step.action in (Action.DELETE, Action.REPLACE) and step.ref.kind is not Kind.TRAFFIC:
        delete(writer, step.ref)
    if step.after is None:
        if step.ref.kind is Kind.TRAFFIC:
            put_traffic(writer, Resource(ref=step.ref, fields={"traffic": {}, "mirror_traffic": {}}), step.bookkeeping)
        return
    match step.ref.kind:
        case Kind.MODEL:
            put_model(writer, step.after)
        case Kind.ENVIRONMENT:
            put_environment(writer, step.after)
        case Kind.ENDPOINT:
            put_endpoint(writer, step.after)
        case Kind.DEPLOYMENT:
            put_deployment(writer, step.after)
        case Kind.TRAFFIC:
            put_traffic(writer, step.after, step.bookkeeping)


def put_endpoint(writer: Writer, after: Resource) -> None:
    """Create or change an endpoint. Its traffic, and what our tags say, are read anew and kept."""
    raw = _live_endpoint(writer, after.ref)
    notes = replace(
        read_notes((raw or {}).get("tags")),
        project=writer.project,
        protected=after.fields.get("x-protect") is True,
    )
    _write_endpoint(writer, after, _split_of(raw), notes)


def put_traffic(writer: Writer, after: Resource, noted: Bookkeeping | None) -> None:
    """Change where requests go and nothing else: the endpoint is rebuilt from how it is this moment."""
    raw = _live_endpoint(writer, after.ref)
    if raw is None:
        raise NotFound(f"Could not {_what('update', after.ref)}: there is no endpoint {after.ref.endpoint} any more.")
    live, notes = _split_of(raw), read_notes(raw.get("tags"))
    target = Split(
        traffic=share_map(after, "traffic") if "traffic" in after.fields else live.traffic,
        mirror=share_map(after, "mirror_traffic") if "mirror_traffic" in after.fields else live.mirror,
    )
    notes = replace(_traffic_notes(notes, noted, live, target), project=writer.project)
    _write_endpoint(writer, normalise.endpoint(raw, writer.reader.home), target, notes)


def _traffic_notes(notes: Notes, noted: Bookkeeping | None, live: Split, target: Split) -> Notes:
    """What to remember with a change of traffic: what the step says, else that the split of now is the one before."""
    if noted is not None:
        return replace(notes, previous=noted.previous_split, rollout=noted.rollout)
    moved = dict(live.traffic) != dict(target.traffic)
    return replace(notes, previous=live.traffic if moved else notes.previous, rollout="")


def _write_endpoint(writer: Writer, endpoint: Resource, split: Split, notes: Notes) -> None:
    """The one PUT of an endpoint: its fields, its whole traffic, and our notes."""
    writer.sdk.operate(
        _what("write", endpoint.ref),
        lambda client: client.online_endpoints.begin_create_or_update(entities.endpoint(endpoint, split, notes)),
    )


def put_deployment(writer: Writer, after: Resource) -> None:
    """Create or change a deployment, its code first."""
    code_id = _code_id(writer, after)
    notes = entities.deployment_notes(after, writer.project, code_id)
    writer.sdk.operate(
        _what("write", after.ref),
        lambda client: client.online_deployments.begin_create_or_update(
            entities.deployment(after, code_id, notes), skip_script_validation=True
        ),
    )


def _code_id(writer: Writer, after: Resource) -> str | None:
    """The ARM id of a deployment's code: of the asset it names, or of one with the content of its folder."""
    value = value_at(after.fields, ("code_configuration", "code"))
    if not isinstance(value, str):
        return None
    folder = after.sources.get(("code_configuration", "code"))
    asset = folder or value
    if asset.startswith("azureml:"):
        name, _, version = asset.removeprefix("azureml:").rpartition(":")
        return f"{writer.reader.home}/codes/{name}/versions/{version}"
    if folder is None:
        raise WorkspaceError(f"Could not {_what('write', after.ref)}: the folder of its code is not known.")
    return upload_code(writer, writer.root / folder, value, _what("upload the code of", after.ref))


def upload_code(writer: Writer, folder: Path, content: str, what: str) -> str:
    """The ARM id of a code asset with this content; uploads the folder only where the workspace has none yet."""
    _require(folder.exists(), f"Could not {what}: there is no {folder.name} any more.")
    with writer.sdk.uploading:
        entity = entities.code(str(uuid.uuid4()), folder.resolve())
        _require(content == f"sha256:{entity._hash_sha256}", _changed(what, folder))
        made = writer.sdk.call(what, lambda client: client._code.create_or_update(entity))
    writer.reader.known_code[f"azureml:{':'.join(made.id.split('/')[-3::2])}"] = content
    return str(made.id)


def put_model(writer: Writer, after: Resource) -> None:
    """Register a model version; one that exists keeps its files, whose address Azure does not let anybody change."""
    raw = writer.reader.raw_asset(after.ref)
    path = rows.wire_value(raw or {}, "properties.modelUri") or _local(writer, after, ("path",))
    writer.sdk.call(
        _what("register", after.ref), lambda client: client.models.create_or_update(entities.model(after, path))
    )


def put_environment(writer: Writer, after: Resource) -> None:
    """Register an environment version."""
    build = _local(writer, after, ("build", "path")) if after.fields.get("build") else None
    writer.sdk.call(
        _what("register", after.ref),
        lambda client: client.environments.create_or_update(entities.environment(after, build)),
    )


def delete(writer: Writer, ref: Ref) -> None:
    """Delete an endpoint or a deployment, and wait until it is really gone: until then its name and quota are taken."""
    what = _what("delete", ref)

    def look() -> Raw | None:
        return _live_raw(writer.reader, ref)

    settled(writer.sdk.patience, ref, look)
    try:
        writer.sdk.operate(what, lambda client: _begin_delete(client, ref))
    except NotFound:
        return
    wait_for(writer.sdk.patience, what, look, lambda raw: raw is None)


def _begin_delete(client: Any, ref: Ref) -> Any:
    match ref.kind:
        case Kind.ENDPOINT:
            return client.online_endpoints.begin_delete(ref.endpoint)
        case Kind.DEPLOYMENT:
            return client.online_deployments.begin_delete(ref.name, ref.endpoint)
        case _:
            raise ValueError(f"{ref} cannot be deleted: versions of assets stay")


def _live_raw(reader: Reader, ref: Ref) -> Raw | None:
    return reader.raw_deployment(ref) if ref.kind is Kind.DEPLOYMENT else reader.raw_endpoint(ref.endpoint)


def _live_endpoint(writer: Writer, ref: Ref) -> Raw | None:
    return settled(writer.sdk.patience, ref, lambda: writer.reader.raw_endpoint(ref.endpoint))


def _split_of(raw: Raw | None) -> Split:
    live = normalise.traffic(raw) if raw is not None else None
    return Split(traffic=share_map(live, "traffic"), mirror=share_map(live, "mirror_traffic"))


def _local(writer: Writer, after: Resource, path: KeyPath) -> str:
    """The local path of some content that is as it was when planned, or the address that a field holds."""
    value, source = value_at(after.fields, path), after.sources.get(path)
    if source is None:
        return str(value)
    place, what = (writer.root / source).resolve(), _what("upload", after.ref)
    _require(place.exists(), f"Could not {what}: there is no {place.name} any more.")
    _require(value == entities.uploaded_as(place), _changed(what, place))
    return str(place)


def _require(met: bool, message: str) -> None:
    if not met:
        raise WorkspaceError(message, hint="Plan again.")


def _changed(what: str, path: Path) -> str:
    return f"Could not {what}: {path.name} is not what it was when the plan was made."


def _what(verb: str, ref: Ref) -> str:
    return f"{verb} {ref}"
