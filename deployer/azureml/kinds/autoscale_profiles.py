"""The profiles of an autoscale setting, between Azure's JSON and the fields of `x-autoscale`.

A schedule that begins and ends on days of the week takes two profiles: that of the schedule, and one that ends it, with
the bounds and rules of the plain one and a name that says so:
https://learn.microsoft.com/azure/azure-monitor/autoscale/autoscale-multiprofile
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from deployer.azureml.access import Raw
from deployer.azureml.kinds.rows import duration_of, seconds
from deployer.core.duration_text import seconds as seconds_of
from deployer.core.duration_text import short_duration
from deployer.core.resources import Value
from deployer.kinds.autoscale import (
    METRICS,
    WEEK,
    Condition,
    Dimension,
    parsed_change,
    parsed_condition,
    rule_of,
    rule_text,
    short_metric,
)

PLAIN = "default"
"""The name of our profile outside of all schedules."""

_OPERATORS = {
    "==": "Equals",
    "!=": "NotEquals",
    ">": "GreaterThan",
    ">=": "GreaterThanOrEqual",
    "<": "LessThan",
    "<=": "LessThanOrEqual",
}
_AGGREGATIONS = {
    "avg": "Average",
    "min": "Minimum",
    "max": "Maximum",
    "total": "Total",
    "count": "Count",
    "last": "Last",
}
_BACK = {wire.lower(): short for short, wire in (*_OPERATORS.items(), *_AGGREGATIONS.items())}
_MINUTE = "%02d:%02d"

Profile = Mapping[str, Any]


# --- fields -> JSON ----------------------------------------------------------------------------------------------


def profiles_of(fields: Mapping[str, Any], target: str, above: str) -> list[dict[str, Any]]:
    """The profiles of a setting for the deployment `target` of the endpoint `above`, both ARM ids."""
    plain = _profile(PLAIN, fields, target, above)
    found = [plain]
    for name, schedule in (fields.get("schedules") or {}).items():
        meanwhile = {**schedule, "rules": fields["rules"] if schedule["rules"] is None else schedule["rules"]}
        found.append({**_profile(name, meanwhile, target, above), **_times(schedule)})
        if schedule.get("days"):
            found.append({**plain, "name": _ending_name(name), **_ending(schedule)})
    return found


def _profile(name: str, fields: Mapping[str, Any], target: str, above: str) -> dict[str, Any]:
    bounds = {"minimum": "min", "maximum": "max", "default": "default"}
    return {
        "name": name,
        "capacity": {wire: str(fields[key]) for wire, key in bounds.items()},
        "rules": [_rule(condition, rule, target, above) for condition, rule in fields["rules"].items()],
    }


def _rule(written: str, then: str, target: str, above: str) -> dict[str, Any]:
    rule = rule_of(then)
    condition, change = parsed_condition(written), parsed_change(rule["change"])
    if condition is None or change is None:
        raise ValueError(f"{written}: {then} is no rule")
    kind = "ExactCount" if change.sign == "=" else "PercentChangeCount" if change.percent else "ChangeCount"
    increases = change.sign == "+" or (change.sign == "=" and condition.is_above)
    return {
        "metricTrigger": _trigger(condition, rule, target if rule["of"] == "deployment" else above),
        "scaleAction": {
            "direction": "Increase" if increases else "Decrease",
            "type": kind,
            "value": str(change.amount),
            "cooldown": duration_of(seconds_of(rule["cooldown"])),
        },
    }


def _trigger(condition: Condition, rule: Mapping[str, Any], resource: str) -> dict[str, Any]:
    return {
        "metricName": METRICS.get(condition.metric, condition.metric),
        "metricResourceUri": resource,
        "timeGrain": duration_of(seconds_of(rule["grain"])),
        "statistic": str(rule["statistic"]).capitalize(),
        "timeWindow": duration_of(condition.window),
        "timeAggregation": _AGGREGATIONS[condition.aggregation],
        "operator": _OPERATORS[condition.operator],
        "threshold": condition.threshold,
        "dividePerInstance": rule["per_instance"],
        "dimensions": [
            {
                "DimensionName": each.name,
                "Operator": "Equals" if each.equals else "NotEquals",
                "Values": list(each.values),
            }
            for each in condition.dimensions
        ],
    }


def _times(schedule: Mapping[str, Any]) -> dict[str, Any]:
    zone = schedule["timezone"]
    if schedule.get("days"):
        return {"recurrence": _weekly(schedule["days"], schedule["start"], zone)}
    times = {key: f"{schedule[field]}:00" for key, field in (("start", "from"), ("end", "until"))}
    return {"fixedDate": {"timeZone": zone, **times}}


def _ending(schedule: Mapping[str, Any]) -> dict[str, Any]:
    """When a schedule ends: on the next days if that is no later than its start."""
    over = schedule["end"] <= schedule["start"]
    days = [WEEK[(WEEK.index(day) + over) % len(WEEK)] for day in schedule["days"]]
    return {"recurrence": _weekly(days, schedule["end"], schedule["timezone"])}


def _weekly(days: Iterable[str], at: str, zone: str) -> dict[str, Any]:
    hour, _, minute = at.partition(":")
    schedule = {"timeZone": zone, "days": list(days), "hours": [int(hour)], "minutes": [int(minute)]}
    return {"frequency": "Week", "schedule": schedule}


def _ending_name(name: str) -> str:
    return json.dumps({"name": PLAIN, "for": name}, separators=(",", ":"))


# --- JSON -> fields ----------------------------------------------------------------------------------------------


def read_profiles(profiles: Sequence[Raw], target: str, above: str) -> dict[str, Any]:
    """The fields of the profiles; those that no spec could have made stand under their names, so that they differ."""
    plain = next((item for item in profiles if not item.get("recurrence") and not item.get("fixedDate")), None)
    endings = {name: item for item in profiles if (name := _ended(item)) is not None}
    named = [item for item in profiles if item is not plain and _ended(item) is None]
    schedules = {str(item["name"]): _schedule(item, plain, endings, target, above) for item in named}
    lost = {f"{name} (its end)": _read_profile(item, target, above) for name, item in endings.items()}
    orphans = {key: item for key, item in lost.items() if key.removesuffix(" (its end)") not in schedules}
    return {**(_read_profile(plain, target, above) if plain else {}), "schedules": {**schedules, **orphans}}


def _ended(profile: Profile) -> str | None:
    """The schedule that a profile ends; None if it is none of those."""
    try:
        found = json.loads(str(profile.get("name")))
    except ValueError:
        return None
    return str(found["for"]) if isinstance(found, dict) and "for" in found else None


def _schedule(
    profile: Profile, plain: Profile | None, endings: Mapping[str, Profile], target: str, above: str
) -> dict[str, Value]:
    fields = _read_profile(profile, target, above)
    if plain and plain.get("rules") == profile.get("rules"):
        fields["rules"] = None
    if dates := profile.get("fixedDate"):
        times = {field: str(dates.get(key, ""))[:16] for key, field in (("start", "from"), ("end", "until"))}
        return {**fields, **times, "timezone": dates.get("timeZone") or "UTC"}
    weekly = (profile.get("recurrence") or {}).get("schedule") or {}
    days, zone = [day for day in WEEK if day in _capitalised(weekly.get("days"))], weekly.get("timeZone") or "UTC"
    fields |= {"days": days, "start": _at(weekly), "timezone": zone}
    return {**fields, "end": _end(fields, plain, endings.get(str(profile["name"])))}


def _end(fields: Mapping[str, Any], plain: Profile | None, ending: Profile | None) -> str:
    """When a schedule ends; with more words if its end is not as we write it, so that it differs."""
    if ending is None:
        return ""
    weekly = (ending.get("recurrence") or {}).get("schedule") or {}
    at = _at(weekly)
    expected = _ending({**fields, "end": at})["recurrence"]["schedule"]
    same_time = set(_capitalised(weekly.get("days"))) == set(expected["days"])
    same = all((plain or {}).get(key) == ending.get(key) for key in ("capacity", "rules"))
    return at if same_time and same else f"{at} ({'other bounds' if same_time else 'other days'})"


def _capitalised(days: Iterable[str] | None) -> list[str]:
    return [str(day).capitalize() for day in days or ()]


def _at(weekly: Mapping[str, Any]) -> str:
    times = [_MINUTE % (hour, minute) for hour in weekly.get("hours") or () for minute in weekly.get("minutes") or ()]
    return " ".join(times)


def _read_profile(profile: Profile, target: str, above: str) -> dict[str, Any]:
    capacity = profile.get("capacity") or {}
    bounds = {key: _count(capacity.get(wire)) for wire, key in (("minimum", "min"), ("maximum", "max"))}
    rules = dict(_numbered(_read_rule(rule, target, above) for rule in profile.get("rules") or ()))
    return {**bounds, "default": _count(capacity.get("default")), "rules": rules}


def _count(wire: Any) -> Value:
    return int(wire) if str(wire).isdecimal() else wire


def _numbered(rules: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Rules by condition; where several have the same one, all but the first with a number."""
    seen: dict[str, int] = {}
    for condition, rule in rules:
        seen[condition] = seen.get(condition, 0) + 1
        yield (condition if seen[condition] == 1 else f"{condition} ({seen[condition]})"), rule


def _read_rule(rule: Profile, target: str, above: str) -> tuple[str, str]:
    trigger, action = rule["metricTrigger"], rule["scaleAction"]
    then = {
        "change": _read_change(action),
        "cooldown": short_duration(_seconds(action["cooldown"])),
        "of": _of(str(trigger["metricResourceUri"]), target, above),
        "grain": short_duration(_seconds(trigger["timeGrain"])),
        "statistic": str(trigger["statistic"]).lower(),
        "per_instance": trigger.get("dividePerInstance") is True,
    }
    return str(_read_condition(trigger)), rule_text(then)


def _read_condition(trigger: Raw) -> Condition:
    namespace = trigger.get("metricNamespace")
    name = short_metric(str(trigger["metricName"]))
    return Condition(
        metric=f"{namespace}/{name}" if namespace and "onlineendpoints" not in str(namespace).lower() else name,
        operator=_BACK[str(trigger["operator"]).lower()],
        threshold=float(trigger["threshold"]),
        aggregation=_BACK[str(trigger["timeAggregation"]).lower()],
        window=_seconds(trigger["timeWindow"]),
        dimensions=tuple(
            Dimension(
                name=each["DimensionName"], equals=each["Operator"].lower() == "equals", values=tuple(each["Values"])
            )
            for each in trigger.get("dimensions") or ()
        ),
    )


def _seconds(wire: Any) -> float:
    found = seconds(wire)
    return float(found) if isinstance(found, int) else 0.0


def _read_change(action: Raw) -> str:
    amount, kind = str(action.get("value") or 1), str(action["type"]).lower()
    sign = {"increase": "+", "decrease": "-"}.get(str(action["direction"]).lower(), "none ")
    match kind:
        case "exactcount":
            return f"={amount}"
        case "changecount":
            return f"{sign}{amount}"
        case "percentchangecount":
            return f"{sign}{amount}%"
        case _:
            return f"{sign}{amount} ({action['type']})"


def _of(resource: str, target: str, above: str) -> str:
    known = {target.lower(): "deployment", above.lower(): "endpoint"}
    return known.get(resource.lower(), resource)
