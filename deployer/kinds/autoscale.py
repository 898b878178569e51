"""Autoscale settings: how many instances a deployment has, by rules on its metrics. Declared in its document.

A rule is a condition and what follows from it. Conditions are written as `az monitor autoscale rule create --condition`
has them: https://learn.microsoft.com/cli/azure/monitor/autoscale/rule
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, assert_never

from deployer.core.action import Action
from deployer.core.duration_text import plain_number, seconds, short_duration
from deployer.core.fields import field_at, schema_of
from deployer.core.resources import KeyPath, Kind, Ref, autoscale_ref
from deployer.kinds.phases import Phase
from deployer.kinds.spec import Fields, KindSpec, text

METRICS: Mapping[str, str] = {
    "cpu": "CpuUtilizationPercentage",
    "memory": "CpuMemoryUtilizationPercentage",
    "gpu": "GpuUtilizationPercentage",
    "gpu_memory": "GpuMemoryUtilizationPercentage",
    "disk": "DiskUtilization",
    "requests": "RequestsPerMinute",
    "latency": "RequestLatency",
    **{f"latency_p{rank}": f"RequestLatency_P{rank}" for rank in (50, 90, 95, 99)},
}
"""Our names of Azure Monitor's metrics: https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/
microsoft-machinelearningservices-workspaces-onlineendpoints-deployments-metrics"""
SHORT = ("cpu", "memory", "gpu")
"""The metrics that have a short form."""
WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PERCENTAGES = frozenset({"cpu", "memory", "gpu", "gpu_memory", "disk"})
"""The metrics whose values are percentages."""
OF_ENDPOINT = frozenset({"requests", "latency", *(f"latency_p{rank}" for rank in (50, 90, 95, 99))})
OF_DEPLOYMENT = frozenset(METRICS) - {"latency"}
MAX_RULES, MAX_PROFILES = 10, 20
"""Of a profile, and of a setting: https://learn.microsoft.com/azure/azure-monitor/autoscale/autoscale-common-scale-patterns"""

_CONDITION = re.compile(
    r"(?P<metric>[A-Za-z]\w*)\s*(?P<operator>>=|<=|==|!=|>|<)\s*(?P<threshold>[0-9]+(?:\.[0-9]+)?)\s*%?"
    r"(?:\s+(?P<aggregation>avg|min|max|total|count|last))?"
    r"(?:\s+(?P<window>[0-9]+(?:\.[0-9]+)?(?:s|m|h)))?"
    r"(?:\s+where\s+(?P<where>\S.*))?"
)
_DIMENSION = re.compile(r"(\w+)\s*(==|!=)\s*(\S+(?:\s+or\s+\S+)*)")
_CHANGE = re.compile(r"([+-]?)([0-9]+)(%?)|=([0-9]+)")
_SHORT = {name.lower(): short for short, name in METRICS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """A condition on a dimension of a metric: `equals` one of the values, or none of them."""

    name: str
    equals: bool
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} {'==' if self.equals else '!='} {' or '.join(self.values)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """When a rule applies: a metric, aggregated over a window in seconds, beside a threshold.

    `metric` is one of METRICS, or another name of Azure Monitor.
    """

    metric: str
    operator: str
    threshold: float
    aggregation: str = "avg"
    window: float = 300.0
    dimensions: tuple[Dimension, ...] = ()

    def __str__(self) -> str:
        where = " and ".join(map(str, self.dimensions))
        compared = f"{self.metric} {self.operator} {plain_number(self.threshold)}"
        return f"{compared} {self.aggregation} {short_duration(self.window)}" + (f" where {where}" if where else "")

    @property
    def is_above(self) -> bool:
        """Whether it holds for large values."""
        return self.operator in (">", ">=")

    @property
    def is_below(self) -> bool:
        """Whether it holds for small values."""
        return self.operator in ("<", "<=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a rule does to the number of instances: `amount` more or fewer, or percent of them, or exactly so many."""

    sign: str
    amount: int
    percent: bool = False

    def __str__(self) -> str:
        return f"{self.sign}{self.amount}{'%' if self.percent else ''}"


def parsed_condition(written: str) -> Condition | None:
    """The condition in a text such as "cpu > 70% avg 5m"; None if it is none."""
    found = _CONDITION.fullmatch(written.strip())
    if found is None:
        return None
    dimensions = _dimensions(found["where"] or "")
    if dimensions is None:
        return None
    return Condition(
        metric=short_metric(found["metric"]),
        operator=found["operator"],
        threshold=float(found["threshold"]),
        aggregation=found["aggregation"] or "avg",
        window=seconds(found["window"] or 300),
        dimensions=dimensions,
    )


def _dimensions(where: str) -> tuple[Dimension, ...] | None:
    parts = [_DIMENSION.fullmatch(part.strip()) for part in re.split(r"\s+and\s+", where)] if where else []
    found = tuple(
        Dimension(name=part[1], equals=part[2] == "==", values=tuple(re.split(r"\s+or\s+", part[3])))
        for part in parts
        if part
    )
    return found if len(found) == len(parts) else None


def parsed_change(written: object) -> Change | None:
    """The change in a number or a text such as "+1", "-20%" or "=3"; None if it is none."""
    found = _CHANGE.fullmatch(str(written).strip())
    if found is None or isinstance(written, bool):
        return None
    if found[4]:
        return Change(sign="=", amount=int(found[4]))
    return Change(sign=found[1] or "+", amount=int(found[2]), percent=bool(found[3]))


def short_metric(name: str) -> str:
    """Our name of a metric, where there is one."""
    return _SHORT.get(name.lower(), name.lower() if name.lower() in METRICS else name)


def declared(fields: Mapping[str, Any]) -> Ref:
    """The autoscale setting of the deployment that a document declares."""
    return autoscale_ref(text(fields, "endpoint_name"), text(fields, "name"))


def spelled(fields: Fields) -> Fields:
    """The short form written out, conditions and changes in one spelling, schedules with rules only if they differ."""
    shorts = {key: value for key, value in fields.items() if key in SHORT}
    rest = {key: value for key, value in fields.items() if key not in SHORT}
    rules = _rules({**_written_out(shorts), **(fields.get("rules") or {})})
    schedules = fields.get("schedules") or {}
    return {
        **rest,
        "default": fields.get("default", fields.get("min")),
        "rules": rules,
        "schedules": {name: _schedule(schedule, rules) for name, schedule in schedules.items()},
    }


def _written_out(shorts: Mapping[str, Any]) -> Fields:
    """Rules for `cpu: 70%`: one instance more above it, one fewer below half of it.

    After half the load of two instances has moved to one, that one is not above the threshold: this never flaps.
    """
    found: Fields = {}
    for metric, share in shorts.items():
        percent = float(str(share).removesuffix("%"))
        found |= {f"{metric} > {plain_number(percent)}": "+1", f"{metric} < {plain_number(percent / 2)}": "-1"}
    return found


def _rules(rules: Mapping[str, Any]) -> Fields:
    return {_condition(written): _rule(rule) for written, rule in rules.items()}


def _condition(written: object) -> str:
    return str(parsed_condition(str(written)) or written)


def rule_map(rule: Any) -> Fields:
    """The fields of a rule as a spec has it, a change or a map, defaults filled in."""
    return {**_usual(), **(rule if isinstance(rule, Mapping) else {"change": rule})}


def _rule(rule: Any) -> str:
    given = rule_map(rule)
    times = {key: short_duration(seconds(given[key])) for key in ("cooldown", "grain")}
    return rule_text({**given, **times, "change": parsed_change(given.get("change")) or given.get("change")})


def rule_text(rule: Mapping[str, Any]) -> str:
    """A rule on one line, with what is not at its default: "+1", or "-1, cooldown 10m"."""
    others = [f"{key} {_word(rule[key])}" for key, default in _usual().items() if rule.get(key, default) != default]
    return ", ".join([str(rule["change"]), *others])


def rule_of(text: str) -> Fields:
    """The fields of a rule on one line, defaults filled in."""
    change, *others = text.split(", ")
    pairs = (other.partition(" ") for other in others)
    return {"change": change, **_usual(), **{key: _VALUES.get(value, value) for key, _, value in pairs}}


@cache
def _usual() -> Mapping[str, Any]:
    """The fields of a rule beside its change, by their defaults."""
    rule: Mapping[str, Any] = schema_of("autoscale")["properties"]["rules"]["additionalProperties"]
    return {key: node["default"] for key, node in rule["properties"].items() if "default" in node}


_VALUES = {"true": True, "false": False}


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _schedule(schedule: Mapping[str, Any], rules: Fields) -> Fields:
    own = schedule.get("rules")
    return {
        **schedule,
        "days": [day for day in WEEK if day in (schedule.get("days") or ())] or None,
        "default": schedule.get("default", schedule.get("min")),
        "rules": None if own is None or _rules(own) == rules else _rules(own),
    }


def as_written(fields: Mapping[str, Any], path: KeyPath = ()) -> Fields:
    """Canonical fields as a spec has them, without defaults; `path` is that of a schedule.

    No rules are left out, but for a schedule, where that would mean those otherwise in force.
    """
    kept = {
        key: value
        for key, value in fields.items()
        if value != field_at(Kind.AUTOSCALE, (*path, key)).default and (value or path)
    }
    rules = {"rules": {written: _as_rule(then) for written, then in kept["rules"].items()}} if "rules" in kept else {}
    written = {name: as_written(part, ("schedules", name)) for name, part in (kept.get("schedules") or {}).items()}
    return {**kept, **rules, **({"schedules": written} if written else {})}


def _as_rule(then: str) -> Any:
    fields = rule_of(then)
    change = fields.pop("change")
    others = {key: value for key, value in fields.items() if value != _usual().get(key)}
    count = int(change) if change.lstrip("+-").isdecimal() else change
    return {"change": count, **others} if others else count


def phase(action: Action) -> Phase | None:
    """A deployment is scaled before it gets traffic; a setting goes after the traffic, and before its deployment."""
    match action:
        case Action.CREATE | Action.UPDATE | Action.REPLACE:
            return Phase.AUTOSCALE
        case Action.DELETE:
            return Phase.DELETES_OF_AUTOSCALE
        case Action.TEST:
            return None
    assert_never(action)


AUTOSCALE = KindSpec(
    noun="an autoscale setting",
    ref=declared,
    is_asset=False,
    is_owned=True,
    is_operated=False,
    phase=phase,
    spelled=spelled,
)
