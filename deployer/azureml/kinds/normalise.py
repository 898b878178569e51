"""ARM JSON -> Resource: what Azure says its own way becomes canonical here, so that diff can be plain equality."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from deployer.azureml.arm_ids import content_hash, short
from deployer.azureml.bookkeeping import Notes, read_notes, visible
from deployer.azureml.kinds import rows
from deployer.azureml.kinds.rows import put, read_rows, wire_value
from deployer.core.references import AssetType, parse_reference
from deployer.core.resources import (
    Bookkeeping,
    Kind,
    Observed,
    Ref,
    Resource,
    deployment_ref,
    endpoint_ref,
    traffic_ref,
)

Raw = Mapping[str, Any]
CodeOf = Callable[[str], str]


def endpoint(raw: Raw, home: str) -> Resource:
    """An endpoint from its ARM JSON; `home` is the ARM id of its workspace."""
    fields = read_rows(rows.ENDPOINT, raw)
    fields["tags"] = visible(raw.get("tags"))
    fields["x-protect"] = read_notes(raw.get("tags")).protected
    fields["compute"] = short(wire_value(raw, "properties.compute"), home)
    fields["identity"] = identity(raw.get("identity"))
    fields["properties"] = properties(wire_value(raw, "properties.properties"))
    return Resource(ref=endpoint_ref(raw["name"]), fields=fields, observed=observed(raw))


def traffic(raw: Raw) -> Resource:
    """The traffic of an endpoint from the endpoint's ARM JSON."""
    fields = {
        "traffic": shares(wire_value(raw, "properties.traffic")),
        "mirror_traffic": shares(wire_value(raw, "properties.mirrorTraffic")),
    }
    return Resource(ref=traffic_ref(raw["name"]), fields=fields, observed=observed(raw))


def deployment(raw: Raw, endpoint_name: str, home: str, code_of: CodeOf) -> Resource:
    """A deployment from its ARM JSON; `code_of` gives the canonical value of a code asset by its short reference."""
    notes = read_notes(raw.get("tags"))
    fields = read_rows(rows.DEPLOYMENT, raw)
    _restore_sent(fields, raw, notes)
    fields["tags"] = visible(raw.get("tags"))
    fields["model"] = short(wire_value(raw, "properties.model"), home)
    fields["environment"] = short(wire_value(raw, "properties.environmentId"), home)
    fields["code_configuration"] = _code(wire_value(raw, "properties.codeConfiguration"), home, notes, code_of)
    fields["environment_variables"] = variables(wire_value(raw, "properties.environmentVariables"), notes)
    fields["scale_settings"] = _scale(wire_value(raw, "properties.scaleSettings"), fields["type"])
    owner = f"{endpoint_name.lower()}-{raw['name'].lower()}"
    fields["data_collector"] = collector(wire_value(raw, "properties.dataCollector"), home, owner, notes)
    fields["resources"] = _container_resources(wire_value(raw, "properties.containerResourceRequirements"))
    fields["properties"] = properties(wire_value(raw, "properties.properties"))
    asset = short(wire_value(raw, "properties.codeConfiguration.codeId"), home)
    known = replace(observed(raw), code=parse_reference(AssetType.CODE, asset, None) if asset else None)
    return Resource(ref=deployment_ref(endpoint_name, raw["name"]), fields=fields, observed=known)


def model(raw: Raw, ref: Ref) -> Resource:
    """A model version from its ARM JSON. Azure moves uploads about, only their hash stays in the address."""
    fields = read_rows(rows.MODEL, raw)
    fields["path"] = content_hash(wire_value(raw, "properties.modelUri"))
    unknown = () if fields["path"] else (("path",),)
    return Resource(ref=ref, fields=fields, observed=Observed(unknown=unknown))


def environment(raw: Raw, ref: Ref) -> Resource:
    """An environment version from its ARM JSON, where the conda file comes back as JSON text."""
    fields = read_rows(rows.ENVIRONMENT, raw)
    conda, readable = _parse_conda(wire_value(raw, "properties.condaFile"))
    fields["conda_file"] = conda
    fields["build"], built = _build(wire_value(raw, "properties.build"))
    fields["inference_config"] = _routes(wire_value(raw, "properties.inferenceConfig"))
    unknown = (() if readable else (("conda_file",),)) + (() if built else (("build", "path"),))
    return Resource(ref=ref, fields=fields, observed=Observed(unknown=unknown))


def observed(raw: Raw) -> Observed:
    """What only the workspace knows of an endpoint or a deployment."""
    notes = read_notes(raw.get("tags"))
    return Observed(
        provisioning_state=wire_value(raw, "properties.provisioningState") or "Succeeded",
        owner=notes.project,
        scoring_uri=wire_value(raw, "properties.scoringUri") or "",
        bookkeeping=Bookkeeping(previous_split=notes.previous, rollout=notes.rollout),
    )


def shares(wire: Any) -> dict[str, int]:
    """Traffic in whole percents by lower-case name; zero shares mean nothing and are left out."""
    return {name.lower(): int(share) for name, share in (wire or {}).items() if int(share) > 0}


def identity(wire: Any) -> dict[str, Any]:
    """An identity: its type and the ids of user-assigned identities, lower case and sorted."""
    kind = rows.snake((wire or {}).get("type") or "SystemAssigned")
    ids = sorted(key.lower() for key in ((wire or {}).get("userAssignedIdentities") or {}))
    return {"type": kind, "user_assigned_identities": ids}


def properties(wire: Any) -> dict[str, str]:
    """Properties without those that the service or the SDK adds."""
    kept = {key: value for key, value in (wire or {}).items() if key.lower() not in rows.SERVICE_PROPERTIES}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in kept.items()}


def variables(wire: Any, notes: Notes) -> dict[str, str]:
    """Environment variables without those that the service adds; what we know to have sent stays."""
    declared = notes.sent.get("variables")
    names = declared if isinstance(declared, list) else []
    return {
        name: "" if value is None else str(value)
        for name, value in (wire or {}).items()
        if name in names or not _is_service_variable(name, str(value))
    }


def _is_service_variable(name: str, value: str) -> bool:
    pattern = rows.SERVICE_VARIABLES.get(name)
    return pattern is not None and pattern.fullmatch(value) is not None


def _restore_sent(fields: dict[str, Any], raw: Raw, notes: Notes) -> None:
    """Fill in what Azure takes and does not give back, from what our tag says was sent."""
    for row in rows.DEPLOYMENT:
        found = wire_value(raw, row.wire)
        if row.path in rows.WRITE_ONLY and row.path in notes.sent and (found is None or row.read(found) is None):
            put(fields, row.path, notes.sent[row.path])
    added = wire_value(raw, "properties.properties") or {}
    if str(added.get(rows.PRIVATE_NETWORK_PROPERTY)).lower() == "true":
        fields["private_network_connection"] = True


def _code(wire: Any, home: str, notes: Notes, code_of: CodeOf) -> dict[str, Any] | None:
    """The code by content: our tag is believed while the asset it was taken for is the one that is deployed."""
    if not wire or not wire.get("codeId"):
        return None
    asset = short(wire["codeId"], home) or ""
    trusted = notes.code and asset.removeprefix("azureml:") == notes.code_id
    return {"code": notes.code if trusted else code_of(asset), "scoring_script": wire.get("scoringScript")}


def _scale(wire: Any, kind: str) -> dict[str, Any]:
    found = wire or {}
    automatic = rows.snake(found.get("scaleType") or "") == "target_utilization"
    if automatic or (not found and kind == "kubernetes"):
        return read_rows(rows.TARGET_UTILIZATION, found)
    return read_rows(rows.DEFAULT_SCALE, found)


def collector(wire: Any, home: str, owner: str, notes: Notes) -> dict[str, Any] | None:
    """Data collection; Azure keeps one sampling rate per collection where the YAML has one for all."""
    if not wire:
        return None
    collections = wire.get("collections") or {}
    rates = [item.get("samplingRate") for item in collections.values() if item.get("samplingRate") is not None]
    logging = wire.get("requestLogging")
    declared = notes.sent.get("data")
    known = declared if isinstance(declared, Mapping) else {}
    return {
        "collections": {
            name: _collection(item, home, f"{owner}-{name}", known.get(name)) for name, item in collections.items()
        },
        "rolling_rate": str(wire.get("rollingRate") or "hour").lower(),
        "sampling_rate": float(rates[0]) if rates else 1.0,
        "request_logging": None if logging is None else {"capture_headers": logging.get("captureHeaders")},
    }


def _collection(wire: Raw, home: str, default_name: str, declared: Any) -> dict[str, Any]:
    """One collection. Its data asset has a name of the SDK's making where none was declared; its path is write-only."""
    enabled = str(wire.get("dataCollectionMode") or "").lower() == "enabled"
    asset = short(wire.get("dataId"), home)
    return {
        "enabled": "true" if enabled else "false",
        "data": declared if asset == data_asset(declared, default_name) else _undeclared(asset),
        "client_id": wire.get("clientId"),
    }


def data_asset(declared: Any, default_name: str) -> str:
    """The data asset that the SDK registers for a collection, as a short reference."""
    if isinstance(declared, str):
        return declared
    given = declared or {}
    return f"azureml:{given.get('name') or default_name}:{given.get('version') or '1'}"


def _undeclared(asset: str | None) -> dict[str, Any] | None:
    if not asset:
        return None
    name, _, version = asset.removeprefix("azureml:").rpartition(":")
    return {"name": name, "version": version, "path": None, "data_id": None}


def _container_resources(wire: Any) -> dict[str, Any] | None:
    if not wire:
        return None
    return {
        "requests": _amounts(wire.get("containerResourceRequests")),
        "limits": _amounts(wire.get("containerResourceLimits")),
    }


def _amounts(wire: Any) -> dict[str, Any] | None:
    """Amounts of a container; `gpu` is only another way to write `nvidia.com/gpu`."""
    if not wire:
        return None
    return {
        "cpu": wire.get("cpu"),
        "memory": wire.get("memory"),
        "nvidia.com/gpu": wire.get("gpu"),
        "gpu": None,
    }


def _parse_conda(wire: Any) -> tuple[Any, bool]:
    """The parsed conda file, and whether it could be parsed."""
    if not wire:
        return None, True
    try:
        return json.loads(wire), True
    except ValueError:
        return None, False


def _build(wire: Any) -> tuple[dict[str, Any] | None, bool]:
    if not wire:
        return None, True
    path = content_hash(wire.get("contextUri"))
    return {"path": path, "dockerfile_path": wire.get("dockerfilePath") or "Dockerfile"}, path is not None


def _routes(wire: Any) -> dict[str, Any] | None:
    if not wire:
        return None
    names = (
        ("livenessRoute", "liveness_route"),
        ("readinessRoute", "readiness_route"),
        ("scoringRoute", "scoring_route"),
    )
    return {name: {"path": wire[key]["path"], "port": wire[key]["port"]} for key, name in names if wire.get(key)}


BY_KIND: Mapping[Kind, Callable[[Raw, Ref], Resource]] = {Kind.MODEL: model, Kind.ENVIRONMENT: environment}
