"""Resource -> SDK entity: the inverse of normalise.py, from canonical fields alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployer.azureml.arm_ids import name_and_version
from deployer.azureml.bookkeeping import Notes, tags_of
from deployer.azureml.kinds import rows
from deployer.core.resources import Resource, Value, is_anonymous, value_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Where requests go, in percent by deployment: live shares, and shares that get a copy."""

    traffic: Mapping[str, int] = field(default_factory=dict)
    mirror: Mapping[str, int] = field(default_factory=dict)


def endpoint(resource: Resource, split: Split, notes: Notes) -> Any:
    """The entity of an endpoint; traffic and notes are part of it, so every write of an endpoint carries all three."""
    from azure.ai.ml.entities import KubernetesOnlineEndpoint, ManagedOnlineEndpoint

    fields = plain(resource.fields)
    common = {
        "name": resource.ref.endpoint,
        "auth_mode": fields["auth_mode"],
        "description": fields["description"],
        "tags": fields["tags"] | tags_of(notes),
        "properties": fields["properties"],
        "identity": _identity(fields["identity"]),
        "traffic": dict(split.traffic),
        "mirror_traffic": dict(split.mirror),
    }
    if fields["compute"]:
        return KubernetesOnlineEndpoint(**common, compute=fields["compute"].removeprefix("azureml:"))
    return ManagedOnlineEndpoint(**common, public_network_access=fields["public_network_access"])


def _identity(fields: Mapping[str, Any]) -> Any:
    from azure.ai.ml.entities import IdentityConfiguration, ManagedIdentityConfiguration

    ids = [ManagedIdentityConfiguration(resource_id=item) for item in fields["user_assigned_identities"]]
    return IdentityConfiguration(type=fields["type"], user_assigned_identities=ids or None)


def deployment(resource: Resource, code_id: str | None, notes: Notes) -> Any:
    """The entity of a deployment; `code_id` is the ARM id of its code asset, None for a deployment without code."""
    from azure.ai.ml.entities import KubernetesOnlineDeployment, ManagedOnlineDeployment

    fields = plain(resource.fields)
    common = {
        "name": resource.ref.name,
        "endpoint_name": resource.ref.endpoint,
        "tags": fields["tags"] | tags_of(notes),
        "model": _reference(fields["model"]),
        "environment": _reference(fields["environment"]),
        "code_configuration": _code(fields["code_configuration"], code_id),
        "request_settings": _request_settings(fields["request_settings"]),
        "liveness_probe": _probe(fields["liveness_probe"]),
        "readiness_probe": _probe(fields["readiness_probe"]),
        "scale_settings": _scale(fields["scale_settings"]),
        "data_collector": _collector(fields["data_collector"]),
    } | {name: fields[name] for name in _SAME_NAME}
    if fields["type"] == "kubernetes":
        return KubernetesOnlineDeployment(**common, resources=_container_resources(fields["resources"]))
    return ManagedOnlineDeployment(
        **common,
        egress_public_network_access=fields["egress_public_network_access"],
        private_network_connection=fields["private_network_connection"] or None,
    )


_SAME_NAME = (
    "description",
    "properties",
    "model_mount_path",
    "environment_variables",
    "app_insights_enabled",
    "instance_type",
    "instance_count",
)


def deployment_notes(resource: Resource, project: str, code_id: str | None) -> Notes:
    """What to remember with a deployment: its content, and the values that Azure will not give back."""
    sent: dict[str, Value] = {}
    for path, default in rows.WRITE_ONLY.items():
        if (value := value_at(resource.fields, tuple(path.split(".")))) != default:
            sent[path] = value
    variables = resource.fields.get("environment_variables")
    names = sorted(set(variables) & set(rows.SERVICE_VARIABLES)) if isinstance(variables, Mapping) else []
    if names:
        sent["variables"] = names
    if data := _declared_data(resource):
        sent["data"] = data
    code = value_at(resource.fields, ("code_configuration", "code"))
    asset = ":".join(code_id.split("/")[-3::2]) if code_id else ""
    return Notes(project=project, code=str(code or ""), code_id=asset, sent=sent)


def model(resource: Resource, path: str) -> Any:
    """The entity of a model version whose files are at `path`, a local path or an address."""
    from azure.ai.ml.entities import Model

    name, version = name_and_version(resource.ref)
    fields = plain(resource.fields)
    known = {key: fields[key] for key in ("type", "description", "tags", "properties")}
    entity = Model(name=name, version=version, path=path, **known)
    entity._is_anonymous = is_anonymous(resource.ref)
    return entity


def environment(resource: Resource, build_path: str | None) -> Any:
    """The entity of an environment version; `build_path` is the local folder or the address of its build context."""
    from azure.ai.ml.entities import BuildContext, Environment

    name, version = name_and_version(resource.ref)
    fields = plain(resource.fields)
    known = {key: fields[key] for key in ("image", "conda_file", "description", "tags", "inference_config")}
    build = fields["build"]
    context = BuildContext(path=build_path, dockerfile_path=build["dockerfile_path"]) if build else None
    entity = Environment(name=name, version=version, build=context, **known)
    entity._is_anonymous = is_anonymous(resource.ref)
    return entity


def code(name: str, folder: Path) -> Any:
    """The entity of a new code asset with the content of a folder."""
    from azure.ai.ml.entities._assets import Code

    return Code(name=name, version="1", path=str(folder), is_anonymous=True)


def uploaded_as(path: Path) -> str:
    """The hash that the SDK uploads a model or a build context under."""
    from azure.ai.ml._utils._asset_utils import get_ignore_file, get_object_hash

    return f"sha256:{get_object_hash(path, get_ignore_file(path))}"


def plain(value: Any) -> Any:
    """Read-only mappings and tuples as the dicts and lists that the SDK looks for."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _reference(value: str | None) -> str | None:
    """A reference as the SDK's entities take it: the prefix stays for registries, and goes for the workspace's own."""
    if value is None or value.startswith("azureml://"):
        return value
    return value.removeprefix("azureml:")


def _code(fields: Mapping[str, Any] | None, code_id: str | None) -> Any:
    from azure.ai.ml.entities import CodeConfiguration

    return CodeConfiguration(code=code_id, scoring_script=fields["scoring_script"]) if fields else None


def _request_settings(fields: Mapping[str, Any]) -> Any:
    from azure.ai.ml.entities import OnlineRequestSettings

    return OnlineRequestSettings(**fields)


def _probe(fields: Mapping[str, Any]) -> Any:
    from azure.ai.ml.entities import ProbeSettings

    return ProbeSettings(**fields)


def _scale(fields: Mapping[str, Any]) -> Any:
    from azure.ai.ml.entities import DefaultScaleSettings, TargetUtilizationScaleSettings

    if fields["type"] == "default":
        return DefaultScaleSettings()
    return TargetUtilizationScaleSettings(**{key: value for key, value in fields.items() if key != "type"})


def _container_resources(fields: Mapping[str, Any] | None) -> Any:
    from azure.ai.ml.entities import ResourceRequirementsSettings, ResourceSettings

    if not fields:
        return None
    parts = {
        name: ResourceSettings(cpu=part.get("cpu"), memory=part.get("memory"), gpu=part.get("nvidia.com/gpu"))
        for name, part in fields.items()
        if part
    }
    return ResourceRequirementsSettings(**parts)


def _declared_data(resource: Resource) -> dict[str, Value]:
    """The data assets that collections of a data collector declare, by collection."""
    collections = value_at(resource.fields, ("data_collector", "collections"))
    parts = collections.items() if isinstance(collections, Mapping) else ()
    return {name: plain(data) for name, part in parts if (data := value_at(part, ("data",)))}


def _data_asset(data: Any) -> Any:
    """A data asset; the SDK fails on the short reference that its own schema allows."""
    from azure.ai.ml.entities import DataAsset

    if isinstance(data, str):
        name, _, version = data.removeprefix("azureml:").rpartition(":")
        return DataAsset(name=name, version=version)
    return DataAsset(**data) if data else None


def _collector(fields: Mapping[str, Any] | None) -> Any:
    from azure.ai.ml.entities import DataCollector, DeploymentCollection
    from azure.ai.ml.entities._deployment.request_logging import RequestLogging

    if not fields:
        return None
    collections = {
        name: DeploymentCollection(
            enabled=part["enabled"], data=_data_asset(part.get("data")), client_id=part.get("client_id")
        )
        for name, part in fields["collections"].items()
    }
    logging = fields.get("request_logging")
    return DataCollector(
        collections=collections,
        rolling_rate=fields.get("rolling_rate"),
        sampling_rate=fields.get("sampling_rate"),
        request_logging=RequestLogging(**logging) if logging else None,
    )
