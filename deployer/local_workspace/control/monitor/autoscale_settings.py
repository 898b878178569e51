"""Microsoft.Insights/autoscaleSettings: PUT, GET, list, PATCH and DELETE. Writes are done when they are answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.monitor import autoscaler
from deployer.local_workspace.control.monitor.monitor_refusals import AUTOSCALE, NO_AUTOSCALE_SETTING
from deployer.local_workspace.control.request import GROUP, Call, Reply
from deployer.local_workspace.control.shapes import (
    STRINGS,
    Anything,
    Between,
    Duration,
    DurationBetween,
    ListOf,
    OneOf,
    check,
    texts,
)
from deployer.local_workspace.control.timestamps import stamped
from deployer.local_workspace.store import Document

KIND = "autoscale"
_MINUTE, _HALF_A_DAY, _WEEK = 60, 12 * 3600, 7 * 86_400
_TRIGGER = {
    "metricName": str,
    "metricNamespace": str,
    "metricResourceUri": str,
    "metricResourceLocation": str,
    "timeGrain": DurationBetween(_MINUTE, _HALF_A_DAY),
    "statistic": OneOf(("Average", "Min", "Max", "Sum", "Count")),
    "timeWindow": DurationBetween(5 * _MINUTE, _HALF_A_DAY),
    "timeAggregation": OneOf(("Average", "Minimum", "Maximum", "Total", "Count", "Last")),
    "operator": OneOf(
        ("Equals", "NotEquals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual"),
    ),
    "threshold": float,
    "dimensions": ListOf(
        {"DimensionName": str, "Operator": OneOf(("Equals", "NotEquals")), "Values": ListOf(str)},
    ),
    "dividePerInstance": bool,
}
_ACTION = {
    "direction": OneOf(("None", "Increase", "Decrease")),
    "type": OneOf(("ChangeCount", "PercentChangeCount", "ExactCount", "ServiceAllowedNextValue")),
    "value": str,
    "cooldown": DurationBetween(_MINUTE, _WEEK),
}
_SCHEDULE = {"timeZone": str, "days": ListOf(str), "hours": ListOf(Between(0, 23)), "minutes": ListOf(Between(0, 59))}
_FREQUENCY = OneOf(("None", "Second", "Minute", "Hour", "Day", "Week", "Month", "Year"))
_PROFILE = {
    "name": str,
    "capacity": {"minimum": str, "maximum": str, "default": str},
    "rules": ListOf({"metricTrigger": _TRIGGER, "scaleAction": _ACTION}),
    "fixedDate": {"timeZone": str, "start": str, "end": str},
    "recurrence": {"frequency": _FREQUENCY, "schedule": _SCHEDULE},
}
# Members, enums and bounds: https://learn.microsoft.com/rest/api/monitor/autoscale-settings/create-or-update
_SETTING: Mapping[str, object] = {
    "id": Anything,
    "name": Anything,
    "type": Anything,
    "systemData": Anything,
    "location": str,
    "tags": STRINGS,
    "properties": {
        "name": str,
        "enabled": bool,
        "targetResourceUri": str,
        "targetResourceLocation": str,
        "profiles": ListOf(_PROFILE),
        "notifications": ListOf(Anything),
        "predictiveAutoscalePolicy": {
            "scaleMode": OneOf(("Disabled", "ForecastOnly", "Enabled")),
            "scaleLookAheadTime": Duration,
        },
    },
}
_MOST_PROFILES, _MOST_RULES = 20, 10


async def put_setting(context: ServerContext, call: Call) -> Reply:
    """PUT autoscalesettings/{setting}: 201 for a new one, 200 for a change."""
    check(call.content, _SETTING)
    key, wanted = call.key("setting"), call.content
    _check_required(wanted, {"location", "properties"}, "")
    _check_properties(wanted["properties"])
    _check_target(context, key, wanted["properties"])
    before = context.store.get(KIND, key)
    document = _document(call.names["setting"], wanted, before)
    context.store.put(KIND, key, document)
    autoscaler.start(context)
    return Reply(status=200 if before else 201, body=_body(document))


async def patch_setting(context: ServerContext, call: Call) -> Reply:
    """PATCH autoscalesettings/{setting}: its tags, or members of its properties."""
    check(call.content, {name: _SETTING[name] for name in ("tags", "properties")})
    before = _find(context, call)
    merged = {
        "location": before["location"],
        "tags": before["tags"] if call.content.get("tags") is None else call.content["tags"],
        "properties": before["properties"] | (call.content.get("properties") or {}),
    }
    _check_properties(merged["properties"])
    _check_target(context, call.key("setting"), merged["properties"])
    document = _document(before["name"], merged, before)
    context.store.put(KIND, call.key("setting"), document)
    autoscaler.start(context)
    return Reply(body=_body(document))


async def get_setting(context: ServerContext, call: Call) -> Reply:
    """GET autoscalesettings/{setting}."""
    return Reply(body=_body(_find(context, call)))


async def list_settings(context: ServerContext, _call: Call) -> Reply:
    """GET autoscalesettings, of the resource group or of the subscription: here they are the same."""
    return Reply(body={"value": [_body(item) for item in context.store.list(KIND)]})


async def delete_setting(context: ServerContext, call: Call) -> Reply:
    """DELETE autoscalesettings/{setting}."""
    there = context.store.get(KIND, call.key("setting"))
    context.store.delete(KIND, call.key("setting"))
    return Reply(status=200 if there else 204)


def _find(context: ServerContext, call: Call) -> Document:
    found = context.store.get(KIND, call.key("setting"), stale=call.stale)
    if found is None:
        values = {"resource": f"microsoft.insights/autoscalesettings/{call.names['setting']}"}
        raise ArmRefused(NO_AUTOSCALE_SETTING, values)
    return found


def _document(name: str, wanted: Mapping[str, Any], before: Document | None) -> Document:
    properties = {
        "enabled": True,
        "notifications": None,
        "predictiveAutoscalePolicy": None,
        "targetResourceLocation": wanted["location"],
        **wanted["properties"],
        "name": name,
    }
    return {
        "name": name,
        "location": wanted["location"],
        "tags": texts(wanted.get("tags")),
        "properties": properties,
        "systemData": stamped(before and before["systemData"]),
        "last": before["last"] if before else None,
    }


def _body(document: Document) -> dict[str, Any]:
    """A setting as Azure shows it."""
    name = document["name"]
    shown = {key: document[key] for key in ("location", "tags", "properties", "systemData")}
    place = f"{GROUP}/providers/microsoft.insights/autoscalesettings/{name}"
    return {"id": place, "name": name, "type": "Microsoft.Insights/autoscaleSettings", **shown}


def _check_required(part: Any, names: Iterable[str], place: str) -> None:
    for name in sorted(names):
        if (part or {}).get(name) is None:
            _refuse(f"The member '{place}{name}' is required.")


def _check_properties(properties: Mapping[str, Any]) -> None:
    _check_required(properties, {"profiles", "targetResourceUri"}, "properties.")
    profiles = properties["profiles"]
    if not 1 <= len(profiles) <= _MOST_PROFILES:
        _refuse(f"An autoscale setting has 1 to {_MOST_PROFILES} profiles; these are {len(profiles)}.")
    if len({profile.get("name") for profile in profiles}) < len(profiles):
        _refuse("The names of the profiles of an autoscale setting differ from each other.")
    for profile in profiles:
        _check_profile(profile)


def _check_profile(profile: Mapping[str, Any]) -> None:
    _check_required(profile, {"name", "capacity", "rules"}, "profile.")
    _check_required(profile["capacity"], {"minimum", "maximum", "default"}, "profile.capacity.")
    counts = [profile["capacity"][name] for name in ("minimum", "default", "maximum")]
    if not all(count.isdecimal() for count in counts) or sorted(map(int, counts)) != list(map(int, counts)):
        _refuse(f"The capacity of the profile '{profile['name']}' is not minimum <= default <= maximum.")
    if len(profile["rules"]) > _MOST_RULES:
        _refuse(f"A profile has at most {_MOST_RULES} rules; '{profile['name']}' has {len(profile['rules'])}.")
    for rule in profile["rules"]:
        _check_required(rule, {"metricTrigger", "scaleAction"}, "rule.")
        optional = {"metricNamespace", "metricResourceLocation", "dimensions", "dividePerInstance"}
        _check_required(rule["metricTrigger"], _TRIGGER.keys() - optional, "rule.metricTrigger.")
        _check_required(rule["scaleAction"], {"direction", "type", "cooldown"}, "rule.scaleAction.")


def _check_target(context: ServerContext, key: str, properties: Mapping[str, Any]) -> None:
    """Refuse a second setting for a resource: each has one at most."""
    target = properties["targetResourceUri"].lower()
    for other in context.store.list(KIND):
        if other["name"].lower() != key and other["properties"]["targetResourceUri"].lower() == target:
            _refuse(f"The resource '{target}' already has the autoscale setting '{other['name']}'.")


def _refuse(problem: str) -> None:
    raise ArmRefused(AUTOSCALE, {"problem": problem})
