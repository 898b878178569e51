"""Online deployments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from deployer.azureml.access import Raw, Reader, Writer
from deployer.azureml.arm_ids import asset_at, short
from deployer.azureml.bookkeeping import Notes, read_notes, tags_of, visible
from deployer.azureml.kinds import code_assets, data_collector, endpoint
from deployer.azureml.kinds.deletion import delete_and_wait
from deployer.azureml.kinds.observed import observed, secret_fields, settled
from deployer.azureml.kinds.rows import (
    Row,
    duration_of,
    duration_of_ms,
    lower,
    milliseconds,
    pascal,
    plain,
    put_value,
    read_rows,
    seconds,
    snake,
    text,
    wire_value,
    write_rows,
)
from deployer.azureml.kinds.service_keys import PRIVATE_NETWORK, properties, variables
from deployer.azureml.retry import Patience
from deployer.core.bookkeeping import Bookkeeping
from deployer.core.compute import is_kubernetes
from deployer.core.fields import field_at, with_defaults
from deployer.core.plan import Step
from deployer.core.references import AssetReference, AssetType, parse_reference
from deployer.core.resources import Kind, Ref, Resource, Value, deployment_ref, dotted, value_at
from deployer.kinds.deployment import SERVICE_VARIABLES

API = "2025-12-01"
"""The version of the REST models in azure-ai-ml 1.35. The SDK's own operations use 2023-04-01-preview, which lacks
fields of those models; sdk.py makes them use this version. It returns every field except privateNetworkConnection,
which the SDK copies into `properties`."""

_IN = "properties"


def _probe(path: str, wire: str) -> tuple[Row, ...]:
    inside = (_IN, wire)
    return (
        Row(path=(path, "initial_delay"), wire=(*inside, "initialDelay"), read=seconds, write=duration_of),
        Row(path=(path, "period"), wire=(*inside, "period"), read=seconds, write=duration_of),
        Row(path=(path, "timeout"), wire=(*inside, "timeout"), read=seconds, write=duration_of),
        Row(path=(path, "success_threshold"), wire=(*inside, "successThreshold")),
        Row(path=(path, "failure_threshold"), wire=(*inside, "failureThreshold")),
    )


def _amounts(path: str, wire: str) -> tuple[Row, ...]:
    """Resource amounts of a container; `nvidia.com/gpu` in the YAML is `gpu` on the wire."""
    where, inside = ("resources", path), (_IN, "containerResourceRequirements", wire)
    return (
        Row(path=(*where, "cpu"), wire=(*inside, "cpu")),
        Row(path=(*where, "memory"), wire=(*inside, "memory")),
        Row(path=(*where, "nvidia.com/gpu"), wire=(*inside, "gpu")),
    )


_SCALE, _SCALE_WIRE = ("scale_settings",), (_IN, "scaleSettings")
_REQUESTS, _REQUESTS_WIRE = ("request_settings",), (_IN, "requestSettings")

ROWS = (
    Row(path=("type",), wire=(_IN, "endpointComputeType"), read=lower, write=None),
    Row(path=("description",), wire=(_IN, "description"), read=text),
    Row(path=("tags",), wire=("tags",), read=visible, write=None),
    Row(path=("properties",), wire=(_IN, "properties"), read=properties, write=None),
    Row(path=("model_mount_path",), wire=(_IN, "modelMountPath"), read=text, write_only=True),
    Row(path=("instance_type",), wire=(_IN, "instanceType"), read=lower),
    Row(path=("instance_count",), wire=("sku", "capacity")),
    Row(path=("app_insights_enabled",), wire=(_IN, "appInsightsEnabled")),
    Row(path=(*_SCALE, "type"), wire=(*_SCALE_WIRE, "scaleType"), read=snake, write=pascal),
    Row(path=(*_SCALE, "min_instances"), wire=(*_SCALE_WIRE, "minInstances")),
    Row(path=(*_SCALE, "max_instances"), wire=(*_SCALE_WIRE, "maxInstances")),
    Row(path=(*_SCALE, "target_utilization_percentage"), wire=(*_SCALE_WIRE, "targetUtilizationPercentage")),
    Row(path=(*_SCALE, "polling_interval"), wire=(*_SCALE_WIRE, "pollingInterval"), read=seconds, write=duration_of),
    Row(
        path=(*_REQUESTS, "request_timeout_ms"),
        wire=(*_REQUESTS_WIRE, "requestTimeout"),
        read=milliseconds,
        write=duration_of_ms,
    ),
    Row(
        path=(*_REQUESTS, "max_concurrent_requests_per_instance"),
        wire=(*_REQUESTS_WIRE, "maxConcurrentRequestsPerInstance"),
    ),
    Row(
        path=(*_REQUESTS, "max_queue_wait_ms"),
        wire=(*_REQUESTS_WIRE, "maxQueueWait"),
        read=milliseconds,
        write=duration_of_ms,
        write_only=True,  # answered as PT0S, whatever was sent
    ),
    *_probe("liveness_probe", "livenessProbe"),
    *_probe("readiness_probe", "readinessProbe"),
    *_probe("startup_probe", "startupProbe"),
    Row(
        path=("egress_public_network_access",),
        wire=(_IN, "egressPublicNetworkAccess"),
        read=lower,
        managed_only=True,
    ),
    Row(path=("private_network_connection",), wire=(_IN, "privateNetworkConnection"), write=None),
    *_amounts("requests", "containerResourceRequests"),
    *_amounts("limits", "containerResourceLimits"),
)


def path(ref: Ref) -> str:
    """The path of a deployment in its workspace."""
    return f"{endpoint.path(ref.endpoint)}/deployments/{ref.name}"


def look(reader: Reader, ref: Ref) -> Raw | None:
    """The ARM JSON of a deployment; None if it does not exist."""
    return reader.arm.get(path(ref), API)


def of_endpoint(reader: Reader, name: str) -> list[Resource]:
    """All deployments of an endpoint; none if the endpoint does not exist."""
    return [normalise(raw, name, reader) for raw in reader.arm.pages(f"{endpoint.path(name)}/deployments", API)]


def read(reader: Reader, ref: Ref, patience: Patience) -> Resource | None:
    """A deployment, after waiting for operations on it to end."""
    raw = settled(patience, ref, lambda: look(reader, ref))
    return normalise(raw, ref.endpoint, reader) if raw is not None else None


def normalise(raw: Raw, endpoint_name: str, reader: Reader) -> Resource:
    """A deployment from its ARM JSON; without a valid note of its code content, this reads the code asset."""
    notes, where, wire = read_notes(raw.get("tags")), reader.where, raw[_IN]
    code = asset_at(AssetType.CODE, wire_value(wire, "codeConfiguration", "codeId"), where)
    fields = read_rows(ROWS, raw)
    _restore_sent(fields, raw, notes)
    owner = f"{endpoint_name.lower()}-{raw['name'].lower()}"
    fields |= {
        "model": short(AssetType.MODEL, wire.get("model"), where),
        "environment": short(AssetType.ENVIRONMENT, wire.get("environmentId"), where),
        "code_configuration": _code(wire.get("codeConfiguration"), code, notes, reader),
        "environment_variables": variables(wire.get("environmentVariables"), notes),
        "data_collector": data_collector.normalise(wire.get("dataCollector"), where, owner, notes),
    }
    ref = deployment_ref(endpoint_name, raw["name"])
    seen = replace(observed(raw), code=code)
    return Resource(ref=ref, fields=with_defaults(Kind.DEPLOYMENT, fields), observed=seen)


def _restore_sent(fields: dict[str, Any], raw: Raw, notes: Notes) -> None:
    """Fill in values that Azure accepts but does not return, from our tag."""
    for row in ROWS:
        sent = notes.sent.get(dotted(row.path)) if row.write_only else None
        if sent is not None and wire_value(fields, *row.path) is None:
            put_value(fields, row.path, sent)
    added = wire_value(raw, _IN, "properties") or {}
    if str(added.get(PRIVATE_NETWORK)).lower() == "true":
        fields["private_network_connection"] = True


def _code(wire: Any, asset: AssetReference | None, notes: Notes, reader: Reader) -> dict[str, Any] | None:
    """The code by content: our tag is believed while the asset it was taken for is the one that is deployed."""
    if asset is None:
        return None
    trusted = notes.code and asset.bare == notes.code_id
    content = notes.code if trusted else code_assets.content_of(reader, asset) or str(asset)
    return {"code": content, "scoring_script": wire.get("scoringScript")}


def entity(resource: Resource, code_id: str | None, notes: Notes) -> Any:
    """The entity of a deployment; `code_id` is the ARM id of its code asset, None for a deployment without code."""
    from azure.ai.ml.entities import KubernetesOnlineDeployment, ManagedOnlineDeployment

    fields = plain(resource.fields)
    kubernetes = is_kubernetes(fields)
    common = {
        "name": resource.ref.name,
        "endpoint_name": resource.ref.endpoint,
        "tags": fields["tags"] | tags_of(notes),
        "properties": fields["properties"],
        "model": _bare(AssetType.MODEL, fields["model"]),
        "environment": _bare(AssetType.ENVIRONMENT, fields["environment"]),
        "code_configuration": _code_entity(fields["code_configuration"], code_id),
        "environment_variables": fields["environment_variables"],
        "data_collector": data_collector.entity(fields["data_collector"]),
    }
    if kubernetes:
        made = KubernetesOnlineDeployment(**common)
    else:
        made = ManagedOnlineDeployment(**common, private_network_connection=fields["private_network_connection"])
    rest_of = made._to_rest_object
    made._to_rest_object = lambda location: write_rows(ROWS, fields, rest_of(location), kubernetes=kubernetes)
    return made


def _bare(type_: AssetType, value: str | None) -> str | None:
    """A reference in the form of the SDK's entities."""
    return parse_reference(type_, value, None).bare if value else None


def _code_entity(fields: Mapping[str, Any] | None, code_id: str | None) -> Any:
    from azure.ai.ml.entities import CodeConfiguration

    return CodeConfiguration(code=code_id, scoring_script=fields["scoring_script"]) if fields else None


def notes_of(resource: Resource, project: str, code_id: str | None) -> Notes:
    """The notes for a deployment: its code content, and values that Azure does not return."""
    sent: dict[str, Value] = {}
    for row in (row for row in ROWS if row.write_only):
        if (value := value_at(resource.fields, row.path)) != field_at(Kind.DEPLOYMENT, row.path).default:
            sent[dotted(row.path)] = value
    names = set(wire_value(resource.fields, "environment_variables") or ()) & set(SERVICE_VARIABLES)
    if names:
        sent["variables"] = sorted(names)
    if data := data_collector.declared_data(resource.fields):
        sent["data"] = data
    code = value_at(resource.fields, code_assets.FIELD)
    asset = code_assets.name_of(code_id).bare if code_id else ""
    return Notes(project=project, code=str(code or ""), code_id=asset, sent=sent)


def put(writer: Writer, step: Step, after: Resource) -> None:
    """Create or change a deployment, after uploading its code. Unless told otherwise, it stays the same revision."""
    code_id = code_assets.id_for(writer, after)
    noted = step.bookkeeping or Bookkeeping()
    notes = replace(
        notes_of(after, writer.project, code_id),
        earlier=noted.earlier,
        commit=noted.commit,
        revision=noted.revision or (step.before.seen.bookkeeping.revision if step.before else None),
        secret=secret_fields(step, after),
    )
    writer.sdk.operate(
        f"write {step.ref}",
        lambda client: client.online_deployments.begin_create_or_update(
            entity(after, code_id, notes), skip_script_validation=True
        ),
    )


def delete(writer: Writer, step: Step) -> None:
    """Delete a deployment."""
    delete_and_wait(
        writer,
        step.ref,
        look=lambda: look(writer.reader, step.ref),
        begin=lambda client: client.online_deployments.begin_delete(step.ref.name, step.ref.endpoint),
    )
