"""Online endpoints. Endpoint, traffic and our notes are one ARM object, so every write contains all three."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from deployer.azureml.access import Raw, Reader, Writer
from deployer.azureml.arm_ids import compute_name
from deployer.azureml.bookkeeping import Notes, read_notes, tags_of, visible
from deployer.azureml.kinds.deletion import delete_and_wait
from deployer.azureml.kinds.observed import observed, secret_fields, settled
from deployer.azureml.kinds.rows import Row, lower, plain, read_rows, snake, text, wire_value, write_rows
from deployer.azureml.kinds.service_keys import properties
from deployer.azureml.retry import Patience
from deployer.core.compute import is_kubernetes
from deployer.core.coordinates import Coordinates
from deployer.core.fields import with_defaults
from deployer.core.plan import Step
from deployer.core.resources import Kind, Ref, Resource, endpoint_ref
from deployer.core.workspace import Wanted

API = "2022-02-01-preview"
"""The version that azure-ai-ml 1.35 uses for writing, so that reads have the same shape. Public recordings of the real
service exist for this version only."""
ALL = "/onlineEndpoints"

_AUTH_MODES = {"key": "Key", "aml_token": "AMLToken", "aad_token": "AADToken"}


def _identity(wire: Any) -> dict[str, Any]:
    """An identity: its type, and the sorted ids of user-assigned identities in lower case."""
    ids = sorted(key.lower() for key in (wire.get("userAssignedIdentities") or {}))
    return {"type": snake(wire.get("type") or "SystemAssigned"), "user_assigned_identities": ids}


ROWS = (
    Row(path=("auth_mode",), wire=("properties", "authMode"), read=snake, write=lambda mode: _AUTH_MODES[mode]),
    Row(path=("description",), wire=("properties", "description"), read=text),
    Row(path=("tags",), wire=("tags",), read=visible, write=None),
    Row(path=("identity",), wire=("identity",), read=_identity, write=None),
    Row(path=("properties",), wire=("properties", "properties"), read=properties, write=None),
    Row(
        path=("public_network_access",),
        wire=("properties", "publicNetworkAccess"),
        read=lower,
        managed_only=True,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The traffic of an endpoint, in percent by deployment: live shares and mirrored shares."""

    traffic: Mapping[str, int] = field(default_factory=dict)
    mirror: Mapping[str, int] = field(default_factory=dict)


def path(name: str) -> str:
    """The path of an endpoint in its workspace."""
    return f"{ALL}/{name}"


def look(reader: Reader, name: str) -> Raw | None:
    """The ARM JSON of an endpoint; None if it does not exist."""
    return reader.arm.get(path(name), API)


def listed(reader: Reader, wanted: Wanted) -> Iterator[Raw]:
    """The endpoints wanted by name or by project, in one read."""
    if len(wanted.endpoints) == 1 and not (wanted.project or wanted.everything):
        found = look(reader, *wanted.endpoints)
        yield from [found] if found is not None else []
        return
    for raw in reader.arm.pages(ALL, API, required=True):
        owner = read_notes(raw.get("tags")).project
        ours = bool(wanted.project) and owner == wanted.project
        if wanted.everything or ours or raw["name"].lower() in wanted.endpoints:
            yield raw


def read(reader: Reader, ref: Ref, patience: Patience) -> Resource | None:
    """An endpoint, after waiting for operations on it to end."""
    raw = settled(patience, ref, lambda: look(reader, ref.endpoint))
    return normalise(raw, reader.where) if raw is not None else None


def normalise(raw: Raw, where: Coordinates) -> Resource:
    """An endpoint of the workspace `where` from its ARM JSON."""
    fields = read_rows(ROWS, raw)
    fields["compute"] = compute_name(wire_value(raw, "properties", "compute"), where)
    fields["x-protect"] = read_notes(raw.get("tags")).protected
    return Resource(ref=endpoint_ref(raw["name"]), fields=with_defaults(Kind.ENDPOINT, fields), observed=observed(raw))


def shares(wire: Any) -> dict[str, int]:
    """Traffic in whole percents by lower-case name, without zero shares."""
    return {name.lower(): int(share) for name, share in (wire or {}).items() if int(share) > 0}


def split_of(raw: Raw | None) -> Split:
    """The split of a live endpoint; an empty one if it does not exist."""
    return Split(
        traffic=shares(wire_value(raw, "properties", "traffic")),
        mirror=shares(wire_value(raw, "properties", "mirrorTraffic")),
    )


def entity(resource: Resource, split: Split, notes: Notes) -> Any:
    """The entity of an endpoint, with its traffic and notes."""
    from azure.ai.ml.entities import KubernetesOnlineEndpoint, ManagedOnlineEndpoint

    fields = plain(resource.fields)
    kubernetes = is_kubernetes(fields)
    common = {
        "name": resource.ref.endpoint,
        "tags": fields["tags"] | tags_of(notes),
        "properties": fields["properties"],
        "identity": _identity_entity(fields["identity"]),
        "traffic": dict(split.traffic),
        "mirror_traffic": dict(split.mirror),
    }
    if kubernetes:
        made = KubernetesOnlineEndpoint(**common, compute=fields["compute"].removeprefix("azureml:"))
    else:
        made = ManagedOnlineEndpoint(**common)
    rest_of = made._to_rest_online_endpoint
    made._to_rest_online_endpoint = lambda location: write_rows(ROWS, fields, rest_of(location), kubernetes=kubernetes)
    return made


def _identity_entity(fields: Mapping[str, Any]) -> Any:
    from azure.ai.ml.entities import IdentityConfiguration, ManagedIdentityConfiguration

    ids = [ManagedIdentityConfiguration(resource_id=item) for item in fields["user_assigned_identities"]]
    return IdentityConfiguration(type=fields["type"], user_assigned_identities=ids or None)


def live(writer: Writer, ref: Ref) -> Raw | None:
    """The current JSON of an endpoint, after waiting for operations on it to end."""
    return settled(writer.sdk.patience, ref, lambda: look(writer.reader, ref.endpoint))


def put(writer: Writer, step: Step, after: Resource) -> None:
    """Create or change an endpoint. Its current traffic and our tags are read again and kept."""
    raw = live(writer, step.ref)
    protected = after.fields.get("x-protect") is True
    noted = read_notes((raw or {}).get("tags"))
    notes = replace(noted, project=writer.project, protected=protected, secret=secret_fields(step, after))
    write(writer, after, split_of(raw), notes)


def write(writer: Writer, endpoint: Resource, split: Split, notes: Notes) -> None:
    """PUT an endpoint: its fields, its whole traffic, and our notes."""
    writer.sdk.operate(
        f"write {endpoint.ref}",
        lambda client: client.online_endpoints.begin_create_or_update(entity(endpoint, split, notes)),
    )


def renote(writer: Writer, name: str, change: Callable[[Notes], Notes]) -> Raw | None:
    """Change what our tags on an endpoint note, if that is something else; everything else is written as it is now.

    Gives the JSON of the endpoint as it was; None if it does not exist.
    """
    raw = live(writer, endpoint_ref(name))
    noted = read_notes(raw.get("tags")) if raw else Notes()
    if raw and (wanted := change(noted)) != noted:
        write(writer, normalise(raw, writer.reader.where), split_of(raw), wanted)
    return raw


def delete(writer: Writer, step: Step) -> None:
    """Delete an endpoint with all its deployments."""
    delete_and_wait(
        writer,
        step.ref,
        look=lambda: look(writer.reader, step.ref.endpoint),
        begin=lambda client: client.online_endpoints.begin_delete(step.ref.endpoint),
    )
