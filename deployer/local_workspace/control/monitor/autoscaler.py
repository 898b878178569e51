"""Acts on autoscale settings: measures what their rules ask for, and scales deployments as a PATCH of them would."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import reduce
from typing import Any

from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.monitor.autoscale_decision import Decision, Part, active_profile, decide
from deployer.local_workspace.control.monitor.metric_table import DEPLOYMENT, ENDPOINT, Metric
from deployer.local_workspace.control.request import Call
from deployer.local_workspace.control.resources.deployments import patch_deployment
from deployer.local_workspace.control.shapes import seconds
from deployer.local_workspace.ports import Counted
from deployer.local_workspace.store import Document

_LOG = logging.getLogger("deployer.local_workspace")
_EVERY = 60.0
"""Seconds between two looks at a setting."""
_QUICK = 1 / 60
"""The share of their own times that windows and cooldowns take, so that scaling can be tried in seconds."""
PROCESSORS = "cpuutilizationpercentage"
_VERSION = "2023-04-01-preview"
_TARGET = re.compile(r".*/onlineendpoints/([^/]+)(?:/deployments/([^/]+))?", re.IGNORECASE)
_AGGREGATIONS = {"maximum": max, "minimum": min, "total": sum, "count": len, "last": lambda values: values[-1]}


def start(context: ServerContext) -> None:
    """Look at all settings now, and then regularly for as long as there are any."""
    context.tasks.start("autoscale", _look_after(context))


async def _look_after(context: ServerContext) -> None:
    while settings := context.store.list("autoscale"):
        for setting in settings:
            await _look_at(context, setting)
        await asyncio.sleep(_EVERY * _pace(context))


def _pace(context: ServerContext) -> float:
    return max(context.realistic, _QUICK)


async def _look_at(context: ServerContext, setting: Document) -> None:
    """Scale the target of a setting if its profile says so. A target that is gone or busy is left alone."""
    properties, target = setting["properties"], _TARGET.fullmatch(setting["properties"]["targetResourceUri"])
    if target is None or target[2] is None or not properties["enabled"]:
        return
    key, profile = f"{target[1]}/{target[2]}".lower(), active_profile(properties["profiles"], datetime.now(UTC))
    await _look_at_processors(context, key, profile)
    deployment = context.store.get("deployment", key)
    if deployment is None or deployment["state"] != "Succeeded" or key in context.warming:
        return
    now, current = time.time(), deployment["capacity"]
    decision = decide(profile, current, lambda trigger: _measured(context, trigger, current, now))
    last = setting["last"]
    waits = last and now - last["at"] < seconds(decision.cooldown) * _pace(context)
    if decision.count != current and not waits:
        await _scale(context, setting, deployment, decision)


async def _look_at_processors(context: ServerContext, key: str, profile: Part) -> None:
    """Note what a deployment has used of its processors, if rules ask for it; meanwhile, requests go on."""
    if any(rule["metricTrigger"]["metricName"].lower() == PROCESSORS for rule in profile["rules"]):
        used = await asyncio.to_thread(context.serving.processor_seconds, *key.split("/"))
        context.processors.look(key, time.time(), used)


async def _scale(context: ServerContext, setting: Document, deployment: Document, decision: Decision) -> None:
    body = {"sku": {"capacity": decision.count}}
    names = {"endpoint": deployment["endpoint"], "deployment": deployment["name"]}
    target = setting["properties"]["targetResourceUri"]
    call = Call(method="PATCH", path=target, names=names, query={"api-version": _VERSION}, body=body)
    last = {"at": time.time(), "from": deployment["capacity"], "to": decision.count, "why": decision.why}
    try:
        await patch_deployment(context, call)
    except ArmRefused as refused:  # such as a quota: the next look tries again
        last["refused"] = refused.refusal.when
        if (setting["last"] or {}).get("refused") != refused.refusal.when:
            _LOG.warning("autoscale could not scale %s to %s: %s", target, decision.count, refused.refusal.when)
    name = setting["name"].lower()
    if (now := context.store.get("autoscale", name)) is not None:  # somebody may have written it meanwhile
        context.store.amend("autoscale", name, now | {"last": last})


def _measured(context: ServerContext, trigger: Part, current: int, now: float) -> float | None:
    """The value of a metric over its time window, in grains of its time grain; None where nothing is measured."""
    place = _TARGET.fullmatch(trigger["metricResourceUri"])
    if place and place[2] and trigger["metricName"].lower() == PROCESSORS:
        window = seconds(trigger["timeWindow"]) * _pace(context)
        return context.processors.percent(f"{place[1]}/{place[2]}".lower(), window, current)
    table = DEPLOYMENT if place and place[2] else ENDPOINT
    metric = table.get(trigger["metricName"].lower())
    if place is None or metric is None or metric.value is None:
        return None
    grain = max(1, round(seconds(trigger["timeGrain"]) * _pace(context)))
    number = max(1, round(seconds(trigger["timeWindow"]) / seconds(trigger["timeGrain"])))
    start = int(now) - number * grain
    counted = context.meters.counted(place[1].lower(), start, start + number * grain, grain)
    series = [grains for name, grains in counted.items() if _counts(name, place[2], trigger)]
    found = _aggregated(trigger["timeAggregation"], _values(metric, series, number, grain))
    return found / current if found is not None and trigger.get("dividePerInstance") else found


def _counts(name: str, deployment: str | None, trigger: Part) -> bool:
    """Whether the requests to a deployment are among those that a trigger is about."""
    if deployment is not None:
        return name == deployment.lower()
    conditions = [each for each in trigger.get("dimensions") or () if each["DimensionName"].lower() == "deployment"]
    return all(
        (name in {value.lower() for value in each["Values"]}) == (each["Operator"].lower() == "equals")
        for each in conditions
    )


def _values(metric: Metric, series: list[tuple[Counted, ...]], number: int, grain: int) -> list[float]:
    """The value of each grain; latencies have none where there were no requests."""
    assert metric.value is not None
    nothing = (Counted(statuses={}, latencies=()),) * number
    whole = [reduce(Counted.plus, grains) for grains in zip(nothing, *series, strict=True)]
    kept = [counted for counted in whole if metric.unit != "Milliseconds" or counted.requests]
    return [metric.value(counted, grain) for counted in kept]


def _aggregated(how: str, values: list[float]) -> float | None:
    if not values:
        return None
    aggregate: Mapping[str, Any] = _AGGREGATIONS
    found = aggregate.get(how.lower())
    return float(found(values)) if found else sum(values) / len(values)
