"""What Azure does to fields, in one table: where a field is on the wire, how it is read, what an absent value means.

Sources: the ARM specification of Microsoft.MachineLearningServices (https://github.com/Azure/azure-rest-api-specs) and
the recorded sessions in the test suite of azure-ai-ml (https://github.com/Azure/azure-sdk-for-python).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deployer.core.resources import Value

ENDPOINTS_API = "2022-02-01-preview"
DEPLOYMENTS_API = "2023-04-01-preview"
MODELS_API = "2023-08-01-preview"
ENVIRONMENTS_API = "2023-04-01-preview"
CODES_API = "2023-04-01"
"""The versions azure-ai-ml 1.35 writes with: what is read back then has the shape of what was written, and theirs are
the only answers of the real service that were ever recorded in public. They show every field but a deployment's
privateNetworkConnection, which the SDK copies into `properties`."""

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_DURATION_UNITS = (86_400_000, 3_600_000, 60_000, 1000)


def as_is(value: Any) -> Value:
    """The value itself."""
    return value  # type: ignore[no-any-return]


def text(value: Any) -> Value:
    """Text; an empty one counts as none."""
    return str(value) if value not in (None, "") else None


def lower(value: Any) -> Value:
    """A word whose letter case does not matter."""
    return str(value).lower()


def texts(value: Any) -> Value:
    """A map of text to text."""
    return {str(key): "" if item is None else str(item) for key, item in (value or {}).items()}


def milliseconds(value: Any) -> Value:
    """An ISO 8601 duration such as PT1M30.5S as whole milliseconds; None for what is none, and for zero."""
    match = _DURATION.fullmatch(str(value))
    if match is None:
        return None
    parts = zip(match.groups(), _DURATION_UNITS, strict=True)
    return round(sum(float(part or 0) * unit for part, unit in parts)) or None


def seconds(value: Any) -> Value:
    """An ISO 8601 duration as whole seconds; None for what is none, and for zero."""
    found = milliseconds(value)
    return round(found / 1000) if isinstance(found, int) else None


def snake(value: Any) -> Value:
    """An enum of the wire in the spelling of the YAML: TargetUtilization is target_utilization, AMLToken aml_token."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", str(value)).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One field: its dotted path in the YAML, that in ARM JSON, how to read it, and its value when absent."""

    path: str
    wire: str
    read: Callable[[Any], Value] = as_is
    default: Value = None


def _probe(path: str, wire: str) -> tuple[Row, ...]:
    place, inside = f"{path}_probe", f"properties.{wire}Probe"
    return (
        Row(path=f"{place}.initial_delay", wire=f"{inside}.initialDelay", read=seconds, default=10),
        Row(path=f"{place}.period", wire=f"{inside}.period", read=seconds, default=10),
        Row(path=f"{place}.timeout", wire=f"{inside}.timeout", read=seconds, default=2),
        Row(path=f"{place}.success_threshold", wire=f"{inside}.successThreshold", default=1),
        Row(path=f"{place}.failure_threshold", wire=f"{inside}.failureThreshold", default=30),
    )


ENDPOINT = (
    Row(path="auth_mode", wire="properties.authMode", read=snake, default="key"),
    Row(path="description", wire="properties.description", read=text),
    Row(path="public_network_access", wire="properties.publicNetworkAccess", read=lower, default="enabled"),
)

DEPLOYMENT = (
    Row(path="type", wire="properties.endpointComputeType", read=lower, default="managed"),
    Row(path="description", wire="properties.description", read=text),
    Row(path="model_mount_path", wire="properties.modelMountPath", read=text),
    Row(path="instance_type", wire="properties.instanceType", read=lower),
    Row(path="instance_count", wire="sku.capacity", default=1),
    Row(path="app_insights_enabled", wire="properties.appInsightsEnabled", default=False),
    Row(
        path="request_settings.request_timeout_ms",
        wire="properties.requestSettings.requestTimeout",
        read=milliseconds,
        default=5000,
    ),
    Row(
        path="request_settings.max_concurrent_requests_per_instance",
        wire="properties.requestSettings.maxConcurrentRequestsPerInstance",
        default=1,
    ),
    Row(
        path="request_settings.max_queue_wait_ms",
        wire="properties.requestSettings.maxQueueWait",
        read=milliseconds,
        default=500,
    ),
    *_probe("liveness", "liveness"),
    *_probe("readiness", "readiness"),
    Row(
        path="egress_public_network_access",
        wire="properties.egressPublicNetworkAccess",
        read=lower,
        default="enabled",
    ),
    Row(path="private_network_connection", wire="properties.privateNetworkConnection", default=False),
)

DEFAULT_SCALE = (Row(path="type", wire="scaleType", read=snake, default="default"),)
TARGET_UTILIZATION = (
    Row(path="type", wire="scaleType", read=snake, default="target_utilization"),
    Row(path="min_instances", wire="minInstances", default=1),
    Row(path="max_instances", wire="maxInstances", default=1),
    Row(path="target_utilization_percentage", wire="targetUtilizationPercentage", default=70),
    Row(path="polling_interval", wire="pollingInterval", read=seconds, default=1),
)

MODEL = (
    Row(path="type", wire="properties.modelType", read=lower, default="custom_model"),
    Row(path="description", wire="properties.description", read=text),
    Row(path="tags", wire="properties.tags", read=texts, default={}),
    Row(path="properties", wire="properties.properties", read=texts, default={}),
)

ENVIRONMENT = (
    Row(path="image", wire="properties.image", read=text),
    Row(path="description", wire="properties.description", read=text),
    Row(path="tags", wire="properties.tags", read=texts, default={}),
)

WRITE_ONLY: Mapping[str, Value] = {"request_settings.max_queue_wait_ms": 500, "model_mount_path": None}
"""Fields that Azure takes and does not give back, with their defaults: what we sent is remembered in a tag.
maxQueueWait is answered as PT0S whatever was sent, modelMountPath by no typed model of the SDK."""

SERVICE_PROPERTIES = frozenset(
    {
        "azureml.onlineendpointid",
        "azureml.onlinedeploymentid",
        "azureasyncoperationuri",
        "private-network-connection",
        "createdby",
        "createdat",
        "lastmodifiedat",
    }
)
"""Keys of `properties` that the service or the SDK adds, lower case."""

SERVICE_VARIABLES = {
    "AZUREML_MODEL_DIR": re.compile(r"/var/azureml-app/azureml-models(/.*)?"),
    "AZUREML_ENTRY_SCRIPT": re.compile(r".*"),
    "AML_APP_ROOT": re.compile(r"/var/azureml-app(/.*)?"),
}
"""Environment variables that the service adds to a deployment, with what their values look like then."""

PRIVATE_NETWORK_PROPERTY = "private-network-connection"


def wire_value(raw: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of ARM JSON, None where there is none."""
    found: Any = raw
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def read_rows(rows: tuple[Row, ...], raw: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical values of all rows, nested by their paths, defaults where the wire says nothing."""
    fields: dict[str, Any] = {}
    for row in rows:
        found = wire_value(raw, row.wire)
        value = row.read(found) if found is not None else None
        put(fields, row.path, row.default if value is None else value)
    return fields


def put(fields: dict[str, Any], path: str, value: Value) -> None:
    """Set a value at a dotted path, making the maps on the way."""
    *parents, last = path.split(".")
    for key in parents:
        fields = fields.setdefault(key, {})
    fields[last] = dict(value) if isinstance(value, Mapping) else value
