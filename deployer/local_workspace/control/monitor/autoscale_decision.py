"""What an autoscale setting decides: which of its profiles holds, and how many instances its rules ask for. Pure.

How rules work together: https://learn.microsoft.com/azure/azure-monitor/autoscale/autoscale-understanding-settings
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Part = Mapping[str, Any]
Measure = Callable[[Part], float | None]
"""The value of a metric trigger now; None where it has none."""

_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "equals": operator.eq,
    "notequals": operator.ne,
    "greaterthan": operator.gt,
    "greaterthanorequal": operator.ge,
    "lessthan": operator.lt,
    "lessthanorequal": operator.le,
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How many instances there should be, why, and how long to wait after the last change, in seconds."""

    count: int
    why: str
    cooldown: str = "PT0S"


def active_profile(profiles: Sequence[Part], moment: datetime) -> Part:
    """The profile that holds: one for this date, else the recurring one that began last, else the plain one."""
    for profile in profiles:
        if (dates := profile.get("fixedDate")) and _time(dates["start"]) <= moment < _time(dates["end"]):
            return profile
    recurring = [(_began(profile["recurrence"], moment), profile) for profile in profiles if profile.get("recurrence")]
    if recurring:
        return max(recurring, key=lambda pair: pair[0])[1]
    plain = [profile for profile in profiles if not profile.get("fixedDate")]
    return (plain or list(profiles))[0]


def decide(profile: Part, current: int, measure: Measure) -> Decision:
    """How many instances a profile asks for when there are `current` ones."""
    low, high, default = (int(profile["capacity"][name]) for name in ("minimum", "maximum", "default"))
    if not low <= current <= high:
        return Decision(count=min(max(current, low), high), why=f"outside {low} to {high}")
    values = [(rule, measure(rule["metricTrigger"])) for rule in profile["rules"]]
    if values and all(value is None for _, value in values):
        return Decision(count=max(current, default), why="its metrics have no values, so the default holds")
    held = [rule for rule, value in values if value is not None and _holds(rule, value)]
    more = [rule for rule in held if _direction(rule) == "increase"]
    fewer = [rule for rule, _ in values if _direction(rule) == "decrease"]
    if more:
        return _largest(more, current, low, high)
    if fewer and all(rule in held for rule in fewer):
        return _unless_flapping(_largest(fewer, current, low, high), current, values)
    return Decision(count=current, why="")


def _unless_flapping(wanted: Decision, current: int, values: Iterable[tuple[Part, float | None]]) -> Decision:
    """The decision, unless what fewer instances would measure asked for more at once."""
    for rule, value in values:
        if value is not None and _direction(rule) == "increase" and _holds(rule, value * current / wanted.count):
            return Decision(count=current, why="fewer instances would be scaled out again")
    return wanted


def _largest(rules: Iterable[Part], current: int, low: int, high: int) -> Decision:
    """The largest number of instances that one of the rules asks for."""
    counts = {min(max(_after(rule["scaleAction"], current), low, 1), high): rule for rule in rules}
    count = max(counts)
    trigger, action = counts[count]["metricTrigger"], counts[count]["scaleAction"]
    why = f"{trigger['metricName']} {trigger['operator']} {trigger['threshold']:g}"
    return Decision(count=count, why=why, cooldown=action["cooldown"])


def _after(action: Part, current: int) -> int:
    """The instances after a scale action; at least one more, or one less, for a percentage."""
    amount, sign = int(action.get("value") or 1), 1 if action["direction"].lower() == "increase" else -1
    match action["type"].lower():
        case "exactcount":
            return amount
        case "percentchangecount":
            return current + sign * max(1, math.floor(current * amount / 100))
        case _:
            return current + sign * amount


def _holds(rule: Part, value: float) -> bool:
    trigger = rule["metricTrigger"]
    return _OPERATORS[trigger["operator"].lower()](value, trigger["threshold"])


def _direction(rule: Part) -> str:
    return str(rule["scaleAction"]["direction"]).lower()


def _began(recurrence: Part, moment: datetime) -> datetime:
    """When a weekly recurrence began last."""
    schedule = recurrence["schedule"]
    days = {_WEEKDAYS.index(day.lower()) for day in schedule["days"] if day.lower() in _WEEKDAYS}
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [
        midnight - timedelta(days=back) + timedelta(hours=hour, minutes=minute)
        for back in range(8)
        for hour in schedule["hours"]
        for minute in schedule["minutes"]
        if (midnight - timedelta(days=back)).weekday() in days
    ]
    return max((start for start in starts if start <= moment), default=datetime.min.replace(tzinfo=UTC))


def _time(written: str) -> datetime:
    found = datetime.fromisoformat(written)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
