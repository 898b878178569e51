"""What a request body may hold. Strict: a member that is not named here is refused, as the SDK's own loader does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.refusals import TOO_MANY_TAGS, WRONG_BODY

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map from any name to this shape."""

    shape: object


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of this shape."""

    shape: object


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of these words, whatever its letter case."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """A whole number in these bounds."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class DurationBetween:
    """An ISO 8601 duration in these bounds, in seconds."""

    low: int
    high: int


class Duration:
    """An ISO 8601 duration such as PT5S."""


class Text:
    """A string, or a number or truth value that is kept as one."""


class Anything:
    """Not looked at: what a caller sends back that only the service writes."""


STRINGS = MapOf(Text)
_IDENTITY = {
    "type": OneOf(("None", "SystemAssigned", "UserAssigned", "SystemAssigned,UserAssigned")),
    "userAssignedIdentities": MapOf(Anything),
    "principalId": Anything,
    "tenantId": Anything,
}
_SKU = {"name": str, "tier": str, "size": str, "family": str, "capacity": Between(0, 50)}
_READ_BACK = {"id": Anything, "name": Anything, "type": Anything, "systemData": Anything, "kind": str}
_PROBE = {
    "initialDelay": Duration,
    "period": Duration,
    "timeout": Duration,
    "successThreshold": Between(1, 1_000_000),
    "failureThreshold": Between(1, 1_000_000),
}
# https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-managed-online#probesettings
_LIVENESS = _PROBE | {"successThreshold": Between(1, 1)}
_ROUTE = {"path": str, "port": Between(1, 65_535)}

ENDPOINT: Mapping[str, object] = _READ_BACK | {
    "location": str,
    "tags": STRINGS,
    "identity": _IDENTITY,
    "sku": _SKU,
    "properties": {
        "description": str,
        "properties": STRINGS,
        "traffic": MapOf(int),
        "mirrorTraffic": MapOf(int),
        "authMode": OneOf(("Key", "AMLToken", "AADToken")),
        "publicNetworkAccess": OneOf(("Enabled", "Disabled")),
        "keys": {"primaryKey": str, "secondaryKey": str},
        "compute": str,
        "provisioningState": Anything,
        "scoringUri": Anything,
        "swaggerUri": Anything,
    },
}
DEPLOYMENT: Mapping[str, object] = _READ_BACK | {
    "location": str,
    "tags": STRINGS,
    "identity": Anything,
    "sku": _SKU,
    "properties": {
        "description": str,
        "properties": STRINGS,
        "codeConfiguration": {"codeId": str, "scoringScript": str},
        "environmentId": str,
        "environmentVariables": STRINGS,
        "model": str,
        "modelMountPath": str,
        "scaleSettings": {"scaleType": OneOf(("Default",))},
        "requestSettings": {
            "maxQueueWait": Duration,
            # https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas
            "requestTimeout": DurationBetween(0, 180),
            "maxConcurrentRequestsPerInstance": Between(1, 1_000_000),
        },
        "livenessProbe": _LIVENESS,
        "readinessProbe": _PROBE,
        "startupProbe": _PROBE,
        "appInsightsEnabled": bool,
        "instanceType": str,
        "endpointComputeType": OneOf(("Managed",)),
        "egressPublicNetworkAccess": OneOf(("Enabled", "Disabled")),
        "privateNetworkConnection": bool,
        "dataCollector": {
            "collections": MapOf({"clientId": str, "dataId": str, "samplingRate": float, "dataCollectionMode": str}),
            "rollingRate": OneOf(("Year", "Month", "Day", "Hour", "Minute")),
            "requestLogging": {"captureHeaders": ListOf(str)},
        },
        "provisioningState": Anything,
    },
}
STARTUP_PROBE_SINCE = "2024-10"
ENDPOINT_PATCH: Mapping[str, object] = {"tags": STRINGS, "identity": _IDENTITY}
DEPLOYMENT_PATCH: Mapping[str, object] = {"tags": STRINGS, "sku": _SKU}

_ASSET = {
    "description": str,
    "tags": STRINGS,
    "properties": STRINGS,
    "isAnonymous": bool,
    "isArchived": bool,
    "provisioningState": Anything,
    "stage": str,
}
CONTAINER: Mapping[str, object] = _READ_BACK | {
    "properties": _ASSET | {"latestVersion": Anything, "nextVersion": Anything}
}
MODEL: Mapping[str, object] = _READ_BACK | {
    "properties": _ASSET
    | {"modelType": str, "modelUri": str, "jobName": str, "flavors": Anything, "datasets": Anything}
    | {"defaultDeploymentTemplate": Anything, "systemMetadata": Anything}
}
ENVIRONMENT: Mapping[str, object] = _READ_BACK | {
    "properties": _ASSET
    | {
        "image": str,
        "condaFile": str,
        "build": {"contextUri": str, "dockerfilePath": str},
        "inferenceConfig": {"livenessRoute": _ROUTE, "readinessRoute": _ROUTE, "scoringRoute": _ROUTE},
        "autoRebuild": str,
        "environmentType": Anything,
        "osType": OneOf(("Linux", "Windows")),
    }
}
DATA_ASSET: Mapping[str, object] = _READ_BACK | {
    "properties": _ASSET | {"dataType": str, "dataUri": str, "referencedUris": ListOf(str)}
}
CODE: Mapping[str, object] = _READ_BACK | {"properties": _ASSET | {"codeUri": str}}


def has_startup_probe(version: str) -> bool:
    """Whether deployments have a startup probe at this api-version."""
    return version >= STARTUP_PROBE_SINCE


def deployment_shape(version: str) -> Mapping[str, object]:
    """What the body of a deployment may hold at this api-version."""
    if has_startup_probe(version):
        return DEPLOYMENT
    members = DEPLOYMENT["properties"]
    assert isinstance(members, Mapping)
    return {**DEPLOYMENT, "properties": {name: shape for name, shape in members.items() if name != "startupProbe"}}


def check(body: Mapping[str, Any], shape: Mapping[str, object]) -> None:
    """Refuse a body that does not have this shape; null stands for absent, as it does for Azure."""
    _check(body, shape, "")
    _check_tags(body.get("tags") or {})


def texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    """A map of strings as the service keeps it: numbers and truth values become text, nulls go."""
    found = {name: value for name, value in (values or {}).items() if value is not None}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in found.items()}


def seconds(duration: str) -> float:
    """An ISO 8601 duration in seconds; ValueError where it is none."""
    match = _DURATION.fullmatch(duration)
    if match is None or duration.endswith(("P", "T")):
        raise ValueError(duration)
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return days * 86_400 + hours * 3_600 + minutes * 60 + rest


def _check(value: Any, shape: object, path: str) -> None:
    if value is None or shape is Anything:
        return
    match shape:
        case Mapping():
            _check_members(value, shape, path)
        case MapOf(shape=inner):
            for name, item in _expected(value, dict, path).items():
                _check(item, inner, f"{path}.{name}")
        case ListOf(shape=inner):
            for index, item in enumerate(_expected(value, list, path)):
                _check(item, inner, f"{path}[{index}]")
        case OneOf() | Between() | DurationBetween():
            _check_choice(value, shape, path)
        case type():
            _check_plain(value, shape, path)


def _check_choice(value: Any, shape: OneOf | Between | DurationBetween, path: str) -> None:
    match shape:
        case OneOf(words=words):
            if _expected(value, str, path).replace(" ", "").lower() not in {word.lower() for word in words}:
                _refuse(path, f"The value '{value}' is not one of: {', '.join(words)}.")
        case Between(low=low, high=high):
            if not low <= _expected(value, int, path) <= high:
                _refuse(path, f"The value {value} is not between {low} and {high}.")
        case DurationBetween(low=low, high=high):
            _check_duration(_expected(value, str, path), path)
            if seconds(value) < low:
                _refuse(path, f"The value '{value}' is shorter than {low} seconds.")
            if seconds(value) > high:
                _refuse(path, f"The value '{value}' is longer than {high} seconds.")


def _check_members(value: Any, shape: Mapping[str, object], path: str) -> None:
    for name, item in _expected(value, dict, path).items():
        place = f"{path}.{name}".lstrip(".")
        if name not in shape:
            _refuse(place, f"Could not find member '{name}' here. Members: {', '.join(sorted(shape))}.")
        _check(item, shape[name], place)


def _check_plain(value: Any, shape: type, path: str) -> None:
    if shape is Text:
        if not isinstance(value, str | int | float):
            _refuse(path, f"The value {value!r} is not a string.")
    elif shape is Duration:
        _check_duration(_expected(value, str, path), path)
    else:
        _expected(value, shape, path)


def _check_duration(value: str, path: str) -> None:
    try:
        seconds(value)
    except ValueError:
        _refuse(path, f"The value '{value}' is not an ISO 8601 duration such as PT5S.")


def _expected(value: Any, kind: type, path: str) -> Any:
    """The value if it is of this JSON type: true is no number, and 1 is a float."""
    fits = isinstance(value, (int, float) if kind is float else kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        words = {dict: "an object", list: "a list", str: "a string", int: "a whole number", float: "a number"}
        _refuse(path, f"The value {value!r} is not {words.get(kind, 'true or false')}.")
    return value


def _check_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > 50:
        raise ArmRefused(TOO_MANY_TAGS, {"problem": f"A resource can have at most 50 tags; these are {len(tags)}."})
    for name, value in tags.items():
        if len(name) > 512 or len(value or "") > 256:
            raise ArmRefused(
                TOO_MANY_TAGS,
                {"problem": f"The tag '{name[:60]}' has a name above 512 or a value above 256 characters."},
            )


def _refuse(path: str, problem: str) -> None:
    raise ArmRefused(WRONG_BODY, {"path": path, "problem": problem})
