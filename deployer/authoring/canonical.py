"""Fields as a spec writes them -> fields as they are compared: one spelling for each meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from deployer.core.fields import with_defaults
from deployer.core.resources import Kind, Value

ENUMS: Mapping[Kind, tuple[tuple[str, ...], ...]] = {
    Kind.ENDPOINT: (("auth_mode",), ("public_network_access",), ("identity", "type")),
    Kind.DEPLOYMENT: (
        ("type",),
        ("egress_public_network_access",),
        ("scale_settings", "type"),
        ("data_collector", "rolling_rate"),
    ),
    Kind.MODEL: (("type",),),
    Kind.ENVIRONMENT: (),
}


def canonical(kind: Kind, data: Mapping[str, Any]) -> dict[str, Value]:
    """The fields of a document with defaults filled in and enums, VM sizes and identities in their one spelling."""
    given = {key: value for key, value in data.items() if value is not None}
    for path in ENUMS[kind]:
        given = _respelled(given, path)
    match kind:
        case Kind.ENDPOINT:
            given = _with_identity(given)
        case Kind.DEPLOYMENT:
            given = _deployment(given)
    fields = with_defaults(kind, given)
    fields["description"] = fields["description"] or None
    return fields


def _respelled(data: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """A copy in which the enum at a path is snake_case in lower case."""
    head, *rest = path
    value = data.get(head)
    if rest and isinstance(value, dict):
        return {**data, head: _respelled(value, tuple(rest))}
    return {**data, head: snake(value)} if isinstance(value, str) else data


def snake(text: str) -> str:
    """`AMLToken`, `AmlToken` and `AML_TOKEN` as `aml_token`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text).lower()


def _with_identity(data: dict[str, Any]) -> dict[str, Any]:
    identity = data.get("identity")
    if not isinstance(identity, dict):
        return data
    entries = identity.get("user_assigned_identities") or []
    ids = sorted(str(entry.get("resource_id", "")).lower() for entry in entries if isinstance(entry, dict))
    return {**data, "identity": {**identity, "user_assigned_identities": ids}}


def _deployment(data: dict[str, Any]) -> dict[str, Any]:
    result = dict(data)
    if isinstance(data.get("instance_type"), str):
        result["instance_type"] = data["instance_type"].lower()
    if isinstance(data.get("resources"), dict):
        result["resources"] = {key: _gpu(value) for key, value in data["resources"].items()}
    if isinstance(data.get("data_collector"), dict):
        result["data_collector"] = _collector(data["data_collector"])
    return result


def _gpu(amounts: Any) -> Any:
    """`gpu` is another way to write `nvidia.com/gpu`."""
    if not isinstance(amounts, dict) or "gpu" not in amounts:
        return amounts
    return {**{key: value for key, value in amounts.items() if key != "gpu"}, "nvidia.com/gpu": amounts["gpu"]}


def _collector(data: dict[str, Any]) -> dict[str, Any]:
    collections = data.get("collections") or {}
    lowered = {name: {**item, "enabled": str(item.get("enabled")).lower()} for name, item in collections.items()}
    return {**data, "collections": lowered}
