"""Rules for `x-autoscale`: what Azure Monitor would refuse, and what works against itself.

Sources: https://learn.microsoft.com/azure/azure-monitor/autoscale/autoscale-best-practices and
https://learn.microsoft.com/rest/api/monitor/autoscale-settings/create-or-update.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from deployer.authoring.documents.document import Document, Fault, FieldPath
from deployer.authoring.extension_keys import AUTOSCALE, autoscale_parts, is_autoscaled
from deployer.authoring.project_index import World
from deployer.authoring.text.suggest import did_you_mean
from deployer.core.compute import is_kubernetes
from deployer.core.diagnostics import Severity
from deployer.core.duration_text import seconds, short_duration
from deployer.kinds.autoscale import (
    METRICS,
    OF_DEPLOYMENT,
    OF_ENDPOINT,
    PERCENTAGES,
    Condition,
    parsed_change,
    parsed_condition,
    rule_map,
    rule_of,
    spelled,
)

FORM = "Write METRIC OPERATOR THRESHOLD [avg|min|max|total|count|last] [WINDOW], such as cpu > 70 avg 5m."
SHORTEST_WINDOW, LONGEST_WINDOW = 300.0, 12 * 3600.0
SHORTEST_COOLDOWN, LONGEST_COOLDOWN = 60.0, 7 * 86_400.0


def autoscale_count(document: Document, _world: World) -> Iterator[Fault]:
    """Autoscale decides how many instances there are, on managed deployments alone."""
    if not is_autoscaled(document):
        return
    if is_kubernetes(document.data):
        yield Fault(
            path=(AUTOSCALE,),
            on_key=True,
            summary="`x-autoscale` is only for managed deployments",
            detail="Write `scale_settings: {type: target_utilization}` with its bounds.",
        )
    elif document.get("instance_count") is not None:
        yield Fault(
            path=("instance_count",),
            on_key=True,
            summary="`instance_count` is decided by `x-autoscale`",
            detail="Remove it; the number of a new deployment is `default` of `x-autoscale`.",
        )


def autoscale_bounds(document: Document, _world: World) -> Iterator[Fault]:
    """Minimum, default and maximum are in this order, also those of schedules."""
    for path, part in autoscale_parts(document):
        low, high, default = (part.get(key) for key in ("min", "max", "default"))
        if type(low) is int and type(high) is int and low > high:
            yield Fault(path=(*path, "min"), summary=f"min ({low}) is greater than max ({high})", detail="Swap them.")
        elif type(low) is int and type(high) is int and type(default) is int and not low <= default <= high:
            summary = f"default ({default}) is not between min ({low}) and max ({high})"
            yield Fault(path=(*path, "default"), summary=summary, detail=f"Write a number from {low} to {high}.")


def autoscale_schedule(document: Document, _world: World) -> Iterator[Fault]:
    """A schedule has bounds, and a begin and an end: on days of the week, or once."""
    for name, schedule in document.map(AUTOSCALE, "schedules").items():
        if not isinstance(schedule, Mapping):
            continue
        path: FieldPath = (AUTOSCALE, "schedules", name)
        times = {"days", "start", "end", "from", "until"} & schedule.keys()
        if times not in ({"days", "start", "end"}, {"from", "until"}):
            yield Fault(
                path=path,
                on_key=True,
                summary=f"the schedule `{name}` needs `days`, `start` and `end`, or `from` and `until`",
                detail='For example {days: [Saturday, Sunday], start: "08:00", end: "20:00", min: 1, max: 2}.',
            )
        elif "from" in times and str(schedule["from"]) >= str(schedule["until"]):
            yield Fault(path=(*path, "until"), summary="`until` is not after `from`", detail="Swap them.")
        for key in ("min", "max"):
            if key not in schedule:
                summary = f"`{key}` is missing in the schedule `{name}`"
                yield Fault(path=path, on_key=True, summary=summary, detail="A schedule has bounds of its own.")


def autoscale_rule(document: Document, _world: World) -> Iterator[Fault]:
    """Every rule can be read, is about a metric that there is, and moves in the direction of its condition."""
    for path, part in autoscale_parts(document):
        rules = part.get("rules")
        for written, rule in rules.items() if isinstance(rules, Mapping) else ():
            place = (*path, "rules", written)
            condition = parsed_condition(str(written))
            if condition is None:
                yield Fault(path=place, on_key=True, summary=f"`{written}` is not a condition on a metric", detail=FORM)
            else:
                yield from _about_rule(place, condition, rule)


def autoscale_flapping(document: Document, _world: World) -> Iterator[Fault]:
    """Fewer instances follow from lower values than more instances do, and each way has its counterpart."""
    for path, part in autoscale_parts(document):
        if _is_readable(part):
            place = (*path, "rules") if part.get("rules") else path
            yield from _fights(place, spelled(dict(part))["rules"])


def _about_rule(place: FieldPath, condition: Condition, rule: Any) -> Iterator[Fault]:
    given = rule_map(rule)
    change = parsed_change(given.get("change"))
    yield from _about_metric(place, condition, str(given["of"]))
    if change is not None and change.sign != "=" and change.amount == 0:
        yield Fault(
            path=place, on_key=True, summary="a change of 0 instances changes nothing", detail="Write +1 or -1."
        )
    against = change and ((condition.is_above and change.sign == "-") or (condition.is_below and change.sign == "+"))
    if against:
        more = condition.is_above
        yield Fault(
            path=place,
            on_key=True,
            summary=f"`{place[-1]}` takes instances {'away' if more else 'in addition'} when there is "
            f"{'more' if more else 'less'} to do",
            detail=f"Write `{'+' if more else '-'}{change.amount if change else 1}`, or the other operator.",
        )
    yield from _about_times(place, condition, given)


def _about_metric(place: FieldPath, condition: Condition, of: str) -> Iterator[Fault]:
    known = OF_ENDPOINT if of == "endpoint" else OF_DEPLOYMENT
    if condition.metric not in known:
        elsewhere = condition.metric in METRICS
        other = "deployment" if of == "endpoint" else "endpoint"
        hint = f"It is one of the {other}: write `of: {other}`." if elsewhere else did_you_mean(condition.metric, known)
        yield Fault(
            path=place,
            on_key=True,
            summary=f"{'an' if of == 'endpoint' else 'a'} {of} has no metric `{condition.metric}`",
            detail=hint or f"Its metrics: {', '.join(name for name in METRICS if name in known)}.",
        )
    elif condition.metric in PERCENTAGES and condition.threshold > 100:
        summary = f"{condition.metric} is a percentage: {condition.threshold:g} is more than there is"
        yield Fault(path=place, on_key=True, summary=summary, detail="Write at most 100.")


def _about_times(place: FieldPath, condition: Condition, given: Mapping[str, Any]) -> Iterator[Fault]:
    if not SHORTEST_WINDOW <= condition.window <= LONGEST_WINDOW:
        summary = f"a window of {short_duration(condition.window)}; Azure Monitor takes 5m to 12h"
        yield Fault(path=place, on_key=True, summary=summary, detail="Write a window in these bounds.")
    cooldown = seconds(given["cooldown"])
    if not SHORTEST_COOLDOWN <= cooldown <= LONGEST_COOLDOWN:
        summary = f"a cooldown of {short_duration(cooldown)}; Azure Monitor takes 1m to 168h"
        yield Fault(path=(*place, "cooldown"), summary=summary, detail="Write a time in these bounds.")
    grain = seconds(given["grain"])
    if not 60.0 <= grain <= condition.window:
        summary = f"a grain of {short_duration(grain)} is not between 1m and the window"
        yield Fault(path=(*place, "grain"), summary=summary, detail="Azure Monitor measures minute by minute.")


def _is_readable(part: Mapping[str, Any]) -> bool:
    """Whether every rule is one: what is wrong with the others is said elsewhere."""
    rules = part.get("rules") or {}
    if not isinstance(rules, Mapping):
        return False
    changes = [rule_map(rule).get("change") for rule in rules.values()]
    return all(map(parsed_condition, map(str, rules))) and all(map(parsed_change, changes))


def _fights(path: FieldPath, rules: Mapping[str, str]) -> Iterator[Fault]:
    """Rules that scale in where others scale out, and rules that nothing ever takes back."""
    made = [(found, rule_of(then)) for written, then in rules.items() if (found := parsed_condition(written))]
    more = [(condition, rule) for condition, rule in made if str(rule["change"]).startswith("+")]
    fewer = [(condition, rule) for condition, rule in made if str(rule["change"]).startswith("-")]
    for (high, one), (low, other) in product(more, fewer):
        same = (high.metric, one["of"], one["per_instance"]) == (low.metric, other["of"], other["per_instance"])
        if same and high.is_above and low.is_below and low.threshold >= high.threshold:
            yield Fault(
                path=path,
                on_key=True,
                summary=f"`{low}` and `{high}` hold at the same time: instances would come and go",
                detail=f"Write a lower threshold for fewer instances, such as {high.threshold / 2:g}.",
            )
    if bool(more) != bool(fewer):
        yield Fault(
            path=path,
            on_key=True,
            summary=f"these rules only {'add' if more else 'remove'} instances",
            detail=f"Add one that {'removes' if more else 'adds'} them.",
            severity=Severity.WARNING,
        )
