"""Live resources -> spec files for exactly those resources: imports endpoints that other tools created."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from deployer.core.compute import Compute, compute_of
from deployer.core.fields import field_at
from deployer.core.resources import NOTHING, KeyPath, Kind, Resource, State, Value, endpoint_ref, share_map, traffic_ref

FIRST = ("name", "endpoint_name", "description", "auth_mode", "traffic", "model", "environment", "code_configuration")


def spec_files(live: State, endpoint: str, depth: str = "../..") -> Mapping[str, str]:
    """File name -> YAML for an endpoint and its deployments; `depth` leads to the folder of `schemas/`.

    Fields with their default are omitted.
    """
    resource = live.resources[endpoint_ref(endpoint)]
    files = {"endpoint.yml": _text("endpoint", _endpoint(live, resource), depth)}
    for deployment in live.deployments(endpoint):
        data = {"name": deployment.ref.name, "endpoint_name": endpoint, **_written(deployment)}
        files[f"deployment-{deployment.ref.name}.yml"] = _text("deployment", _with_code(data, deployment), depth)
    return files


def _text(kind: str, data: Mapping[str, Any], depth: str) -> str:
    ordered = sorted(data, key=lambda key: (FIRST.index(key) if key in FIRST else len(FIRST), key))
    body = yaml.safe_dump({key: data[key] for key in ordered}, sort_keys=False, allow_unicode=True, width=120)
    return f"# yaml-language-server: $schema={depth}/schemas/{kind}.schema.json\n{body}"


def _endpoint(live: State, resource: Resource) -> dict[str, Any]:
    data: dict[str, Any] = {"name": resource.ref.endpoint, **_written(resource)}
    traffic = live.get(traffic_ref(resource.ref.endpoint))
    for key in ("traffic", "mirror_traffic"):
        if shares := share_map(traffic, key):
            data[key] = dict(shares)
    if identity := data.get("identity"):
        data["identity"] = _identity(identity)
    return data


def _identity(identity: Mapping[str, Any]) -> dict[str, Any]:
    """An identity in the form of the CLI: user-assigned ones by resource id."""
    ids = [{"resource_id": item} for item in identity.get("user_assigned_identities") or ()]
    return {"type": identity.get("type", "user_assigned"), **({"user_assigned_identities": ids} if ids else {})}


def _with_code(data: dict[str, Any], deployment: Resource) -> dict[str, Any]:
    """The data with the deployment's code asset as its code, since the code folder is not available."""
    asset = deployment.seen.code
    if asset and "code_configuration" in data:
        return {**data, "code_configuration": {**data["code_configuration"], "code": str(asset)}}
    return data


def _written(resource: Resource) -> dict[str, Any]:
    """The fields that differ from their defaults."""
    return _without_defaults(resource.ref.kind, (), resource.fields, compute_of(resource.fields))


def _without_defaults(kind: Kind, path: KeyPath, fields: Mapping[str, Value], compute: Compute) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in fields.items():
        inner = (*path, key)
        if isinstance(value, Mapping):
            value = _without_defaults(kind, inner, value, compute)
        if value not in (None, NOTHING, [], {}) and value != field_at(kind, inner).default_on(compute):
            kept[key] = value
    return kept
