"""Deployments: the services behind an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from deployer.core.action import Action
from deployer.core.resources import Ref, deployment_ref
from deployer.kinds.phases import Phase
from deployer.kinds.spec import Fields, KindSpec, text

SERVICE_VARIABLES = ("AZUREML_MODEL_DIR", "AZUREML_ENTRY_SCRIPT", "AML_APP_ROOT")
"""Environment variables that the service adds to a deployment."""


def declared(fields: Mapping[str, Any]) -> Ref:
    """The deployment that a document declares."""
    return deployment_ref(text(fields, "endpoint_name"), text(fields, "name"))


def phase(action: Action) -> Phase | None:
    """A deployment is tested before traffic moves, and deleted after it has moved."""
    match action:
        case Action.CREATE | Action.UPDATE | Action.REPLACE:
            return Phase.DEPLOYMENTS
        case Action.TEST:
            return Phase.SMOKE_TESTS
        case Action.DELETE:
            return Phase.DELETES_OF_DEPLOYMENTS
    assert_never(action)


def spelled(fields: Fields) -> Fields:
    """VM sizes in lower case, GPUs by their Kubernetes name, `enabled` of data collections as text."""
    result = dict(fields)
    if isinstance(fields.get("instance_type"), str):
        result["instance_type"] = fields["instance_type"].lower()
    if isinstance(fields.get("resources"), dict):
        result["resources"] = {key: _amounts(value) for key, value in fields["resources"].items()}
    if isinstance(fields.get("data_collector"), dict):
        result["data_collector"] = _collector(fields["data_collector"])
    return result


def _amounts(amounts: Any) -> Any:
    """Resource amounts with `gpu` renamed to its synonym `nvidia.com/gpu`."""
    if not isinstance(amounts, dict) or "gpu" not in amounts:
        return amounts
    return {**{key: value for key, value in amounts.items() if key != "gpu"}, "nvidia.com/gpu": amounts["gpu"]}


def _collector(fields: Fields) -> Fields:
    collections = fields.get("collections") or {}
    lowered = {name: {**item, "enabled": str(item.get("enabled")).lower()} for name, item in collections.items()}
    return {**fields, "collections": lowered}


DEPLOYMENT = KindSpec(
    noun="a deployment",
    ref=declared,
    schema_names=frozenset({"deployment", "onlinedeployment", "managedonlinedeployment", "kubernetesonlinedeployment"}),
    enums=(
        ("type",),
        ("egress_public_network_access",),
        ("scale_settings", "type"),
        ("data_collector", "rolling_rate"),
    ),
    spelled=spelled,
    is_asset=False,
    is_owned=True,
    is_operated=True,
    phase=phase,
)
