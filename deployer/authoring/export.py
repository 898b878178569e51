"""Live resources -> spec files for exactly those resources: imports endpoints that other tools created.

Values that could be secrets are written as `{{ secret('NAME') }}`, and listed: a spec is read by everybody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import yaml

from deployer.core.compute import Compute, compute_of
from deployer.core.fields import field_at
from deployer.core.resources import (
    NOTHING,
    KeyPath,
    Kind,
    Resource,
    State,
    Value,
    autoscale_ref,
    dotted,
    endpoint_ref,
    noted_secrets,
    share_map,
    traffic_ref,
)
from deployer.core.secret_shapes import is_to_be_secret
from deployer.kinds.autoscale import as_written

FIRST = ("name", "endpoint_name", "description", "auth_mode", "traffic", "model", "environment", "code_configuration")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """Spec files by name, and for each secret that they ask for the resource and field that it belongs to."""

    files: Mapping[str, str]
    secrets: Mapping[str, str]


def spec_files(live: State, endpoint: str, schemas: str = "") -> Exported:
    """The specs of an endpoint and its deployments; `schemas` leads from them to the folder of the schemas, if any.

    Fields with their default are omitted.
    """
    resource, secrets = live.resources[endpoint_ref(endpoint)], _Secrets()
    files = {"endpoint.yml": _text("endpoint", _endpoint(live, resource), schemas, secrets, resource)}
    for deployment in live.deployments(endpoint):
        data = {"name": deployment.ref.name, "endpoint_name": endpoint, **_written(deployment)}
        data = _with_autoscale(data, live.get(autoscale_ref(endpoint, deployment.ref.name)))
        file, whole = f"deployment-{deployment.ref.name}.yml", _with_code(data, deployment)
        files[file] = _text("deployment", whole, schemas, secrets, deployment)
    return Exported(files=files, secrets=secrets.named)


@dataclass(slots=True)
class _Secrets:
    """The secrets met so far, by the name of their environment variable, and the marks that stand for them."""

    named: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)

    def mark(self, path: KeyPath, where: str) -> str:
        """A mark for a secret; the same name in several places gets a number."""
        base = re.sub(r"[^A-Z0-9]+", "_", path[-1].upper()).strip("_") or "SECRET"
        name, number = base, 1
        while name in self.named:
            number += 1
            name = f"{base}_{number}"
        self.named[name] = f"{where}, {dotted(path)}"
        mark = f"secret-{len(self.marks)}-{uuid4().hex}"
        self.marks[mark] = "{{ secret('" + name + "') }}"
        return mark


def _text(kind: str, data: Mapping[str, Any], schemas: str, secrets: _Secrets, live: Resource) -> str:
    ordered = sorted(data, key=lambda key: (FIRST.index(key) if key in FIRST else len(FIRST), key))
    shown = {key: _marked((key,), data[key], secrets, live) for key in ordered}
    body = str(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=10_000))
    for mark, call in secrets.marks.items():
        body = body.replace(mark, call)
    return f"# yaml-language-server: $schema={schemas}/{kind}.schema.json\n{body}" if schemas else body


def _marked(path: KeyPath, value: Any, secrets: _Secrets, live: Resource) -> Any:
    """The value with marks for what could be a secret, and with Jinja2's own braces kept as text."""
    match value:
        case str():
            hidden = is_to_be_secret(path, value) or noted_secrets(live).has(path)
            return secrets.mark(path, str(live.ref)) if hidden else _raw(value)
        case Mapping():
            return {key: _marked((*path, key), item, secrets, live) for key, item in value.items()}
        case list() | tuple():
            return [_marked(path, item, secrets, live) for item in value]
    return value


def _raw(text: str) -> str:
    """A text that means itself in a template."""
    braces = any(opening in text.replace("${{", "") for opening in ("{{", "{%", "{#"))
    return "{% raw %}" + text + "{% endraw %}" if braces else text


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


def _with_autoscale(data: dict[str, Any], setting: Resource | None) -> dict[str, Any]:
    """The data with the autoscale setting of the deployment, which decides how many instances there are."""
    if setting is None:
        return data
    others = {key: value for key, value in data.items() if key != "instance_count"}
    return {**others, "x-autoscale": as_written(setting.fields)}


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
