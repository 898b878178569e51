"""GET …/providers/Microsoft.Insights/metrics and metricDefinitions of endpoints and deployments."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.monitor.metric_filter import InvalidFilter, Wanted, parsed
from deployer.local_workspace.control.monitor.metric_table import DEPLOYMENT, ENDPOINT, GRAINS, SHORT_GRAINS, Metric
from deployer.local_workspace.control.monitor.monitor_refusals import METRICS
from deployer.local_workspace.control.request import Call, Reply
from deployer.local_workspace.control.resources import deployments, endpoints
from deployer.local_workspace.identity import PLACE
from deployer.local_workspace.ports import Counted

PARAMETERS = {
    "metricnames",
    "timespan",
    "interval",
    "aggregation",
    "$filter",
    "metricnamespace",
    "top",
    "orderby",
    "resultType",
    "AutoAdjustTimegrain",
    "ValidateDimensions",
    "rollupby",
}
_LONGEST = 6 * 3600
_LATE_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    """What is asked for: times in seconds since 1970."""

    metrics: tuple[Metric, ...]
    start: int
    end: int
    interval: str
    grain: int
    filter: str
    fault: str | None


async def of_endpoint(context: ServerContext, call: Call) -> Reply:
    """GET onlineEndpoints/{endpoint}/providers/Microsoft.Insights/metrics."""
    endpoint = endpoints.find(context, call)
    query = _query(call, ENDPOINT)
    counted = context.meters.counted(endpoint["name"].lower(), query.start, query.end, query.grain)
    return _answer(call, query, counted)


async def of_deployment(context: ServerContext, call: Call) -> Reply:
    """GET onlineEndpoints/{endpoint}/deployments/{deployment}/providers/Microsoft.Insights/metrics."""
    deployments.find(context, call)
    query, name = _query(call, DEPLOYMENT), call.key("deployment")
    counted = context.meters.counted(call.key("endpoint"), query.start, query.end, query.grain)
    return _answer(call, query, {name: counted[name]} if name in counted else {})


async def definitions_of_endpoint(context: ServerContext, call: Call) -> Reply:
    """GET onlineEndpoints/{endpoint}/providers/Microsoft.Insights/metricDefinitions."""
    endpoints.find(context, call)
    return _definitions(call, ENDPOINT)


async def definitions_of_deployment(context: ServerContext, call: Call) -> Reply:
    """GET …/deployments/{deployment}/providers/Microsoft.Insights/metricDefinitions."""
    deployments.find(context, call)
    return _definitions(call, DEPLOYMENT)


def _definitions(call: Call, table: Mapping[str, Metric]) -> Reply:
    owner = call.path.partition("/providers/Microsoft.Insights")[0]
    available = [{"timeGrain": grain, "retention": "P93D"} for grain in GRAINS]
    found = [
        {
            "id": f"{call.path}/{metric.name}",
            "resourceId": owner,
            "name": {"value": metric.name, "localizedValue": metric.name},
            "unit": metric.unit,
            "primaryAggregationType": "Average",
            "supportedAggregationTypes": ["Average"],
            "metricAvailabilities": available,
            "dimensions": [{"value": name, "localizedValue": name} for name in metric.dimensions],
        }
        for metric in table.values()
    ]
    return Reply(body={"value": found})


def _query(call: Call, table: Mapping[str, Metric]) -> _Query:
    interval = call.query.get("interval", "PT1M")
    grain = {**GRAINS, **SHORT_GRAINS}.get(interval)
    if grain is None:
        raise _wrong(f"The time grain '{interval}' is not one of: {', '.join(GRAINS)}.")
    start, end = _timespan(call.query.get("timespan"), grain)
    names = [name.strip() for name in call.query.get("metricnames", "RequestsPerMinute").split(",")]
    for name in names:
        if name.lower() not in table:
            raise _wrong(f"There is no metric '{name}'. Valid metrics: {', '.join(m.name for m in table.values())}.")
    return _Query(
        metrics=tuple(table[name.lower()] for name in names),
        start=start,
        end=end,
        interval=interval,
        grain=grain,
        filter=call.query.get("$filter", ""),
        fault=call.metrics_fault,
    )


def _timespan(text: str | None, grain: int) -> tuple[int, int]:
    """The start and end of what is asked for, at the edges of grains; the last hour if nothing is."""
    now = time.time()
    try:
        start, end = [_moment(part) for part in text.split("/")] if text else [now - 3600, now]
    except ValueError as error:
        raise _wrong(f"The timespan '{text}' is not START/END in ISO 8601.") from error
    if end <= start or (end - start) / grain > _LONGEST:
        raise _wrong("The timespan must end after it starts, and hold a bounded number of time grains.")
    return int(start // grain) * grain, int(-(-end // grain)) * grain


def _moment(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _answer(call: Call, query: _Query, counted: Mapping[str, tuple[Counted, ...]]) -> Reply:
    body = {
        "cost": 0,
        "timespan": f"{_iso(query.start)}/{_iso(query.end)}",
        "interval": query.interval,
        "namespace": "Microsoft.MachineLearningServices/workspaces/onlineEndpoints",
        "resourceregion": PLACE,
        "value": [_metric(call, query, metric, counted) for metric in query.metrics],
    }
    return Reply(body=body)


def _metric(call: Call, query: _Query, metric: Metric, counted: Mapping[str, tuple[Counted, ...]]) -> dict[str, Any]:
    try:
        wanted = parsed(query.filter, metric.dimensions) if query.filter else {}
    except InvalidFilter as error:
        raise _wrong(f"The filter is invalid for the metric {metric.name}: {error}.") from error
    series = _series(metric, wanted, counted) if metric.value else {}
    return {
        "id": f"{call.path}/{metric.name}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": metric.name, "localizedValue": metric.name},
        "displayDescription": "",
        "unit": metric.unit,
        "errorCode": "Success",
        "timeseries": [
            {"metadatavalues": _metadata(wanted, values), "data": list(_data(query, metric, grains))}
            for values, grains in series.items()
        ],
    }


def _metadata(wanted: Mapping[str, Wanted], values: tuple[str, ...]) -> list[dict[str, Any]]:
    names = [{"value": name.lower(), "localizedValue": name.lower()} for name in wanted]
    return [{"name": name, "value": value} for name, value in zip(names, values, strict=True)]


def _series(
    metric: Metric, wanted: Mapping[str, Wanted], counted: Mapping[str, tuple[Counted, ...]]
) -> dict[tuple[str, ...], list[Counted]]:
    """One series for each combination of the values of the dimensions that the filter names."""
    found: dict[tuple[str, ...], list[Counted]] = {}
    for deployment, grains in counted.items():
        for part, kept in _parts(deployment, grains, by_status=metric.unit == "Count"):
            values = tuple(part.get(name, "") for name in wanted)
            if all(condition.takes(value) for condition, value in zip(wanted.values(), values, strict=True)):
                before = found.get(values)
                found[values] = (
                    kept if before is None else [one.plus(other) for one, other in zip(before, kept, strict=True)]
                )
    return found


def _parts(
    deployment: str, grains: tuple[Counted, ...], *, by_status: bool
) -> Iterator[tuple[Mapping[str, str], list[Counted]]]:
    """The values of the dimensions, and what was counted for them; by status only where that is a dimension."""
    if not by_status:
        yield {"deployment": deployment}, list(grains)
        return
    for status in sorted({status for grain in grains for status in grain.statuses}):
        code = str(status)
        values = {
            "deployment": deployment,
            "statusCode": code,
            "statusCodeClass": f"{code[0]}xx",
            "modelStatusCode": code if status < 300 else "",
            "envoy_response_code": code,
        }
        yield (
            values,
            [
                replace(grain, statuses={status: grain.statuses[status]} if status in grain.statuses else {})
                for grain in grains
            ],
        )


def _data(query: _Query, metric: Metric, grains: list[Counted]) -> Iterator[dict[str, Any]]:
    """One value for each grain that is over; one that is not has none yet."""
    over = time.time() - (_LATE_SECONDS if query.fault == "late" else 0)
    for number, counted in enumerate(grains):
        start = query.start + number * query.grain
        point: dict[str, Any] = {"timeStamp": _iso(start)}
        if metric.value and start + query.grain <= over and query.fault != "missing":
            has_value = metric.unit != "Milliseconds" or counted.requests
            value = 0.0 if query.fault == "zero" else metric.value(counted, query.grain)
            point |= {"average": value} if has_value else {}
        yield point


def _iso(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _wrong(problem: str) -> ArmRefused:
    return ArmRefused(METRICS, {"problem": problem})
