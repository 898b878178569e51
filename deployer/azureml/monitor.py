"""What Azure Monitor measured of customers' requests to an endpoint, by deployment and minute.

Read over ARM, for which the role Reader suffices. Names and dimensions: https://learn.microsoft.com/azure/azure-monitor/
reference/supported-metrics/microsoft-machinelearningservices-workspaces-onlineendpoints-metrics
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from deployer.azureml.arm import Arm
from deployer.azureml.kinds import endpoint as endpoints
from deployer.core.errors import NotFound
from deployer.core.metrics import PERCENTILES, Grain, Measured, Span

API = "2024-02-01"
REQUESTS = "RequestsPerMinute"
_LATENCIES = {f"RequestLatency_P{rank}": rank for rank in PERCENTILES}
_MINUTE = 60

Point = tuple[str, float]
"""A deployment, and the start of a grain in seconds since 1970."""


def measured(arm: Arm, endpoint: str, span: Span) -> Measured:
    """Requests by status and latencies of every deployment in each grain of a span; a value that is missing stays so.

    Raises NotFound if the endpoint does not exist, WorkspaceError if its metrics cannot be read.
    """
    by_status = _read(arm, endpoint, span, [REQUESTS], "deployment eq '*' and statusCode eq '*'")
    by_deployment = _read(arm, endpoint, span, [REQUESTS, *_LATENCIES], "deployment eq '*'")
    statuses: dict[Point, dict[int, float]] = {}
    totals: dict[Point, float] = {}
    latencies: dict[Point, dict[int, float]] = {}
    in_grain = span.grain / _MINUTE
    for _, values, start, value in _values(by_status):
        statuses.setdefault((values["deployment"], start), {})[int(values["statuscode"])] = value * in_grain
    for name, values, start, value in _values(by_deployment):
        point = (values["deployment"], start)
        if name == REQUESTS:
            totals[point] = value * in_grain
        else:
            latencies.setdefault(point, {})[_LATENCIES[name]] = value
    names = {name for name, _ in totals}
    starts = [span.start + number * span.grain for number in range(span.grains)]
    return {
        name: tuple(
            Grain(
                start=start,
                statuses=statuses.get((name, start), {}),
                total=totals.get((name, start)),
                latencies=latencies.get((name, start), {}),
            )
            for start in starts
        )
        for name in names
    }


def _read(arm: Arm, endpoint: str, span: Span, metrics: list[str], wanted: str) -> Mapping[str, Any]:
    query = {
        "metricnames": ",".join(metrics),
        "timespan": f"{_iso(span.start)}/{_iso(span.end)}",
        "interval": _interval(span.grain),
        "aggregation": "Average",
        "$filter": wanted,
        "top": "1000",
    }
    found = arm.get(f"{endpoints.path(endpoint)}/providers/Microsoft.Insights/metrics", API, query=query)
    if found is None:
        raise NotFound(f"there are no metrics of an endpoint {endpoint}")
    return found


def _values(answer: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str], float, float]]:
    """Each value that is there: its metric, its dimensions in lower case, the start of its grain, and the value."""
    for metric in answer.get("value") or ():
        for series in metric.get("timeseries") or ():
            pairs = series.get("metadatavalues") or ()
            values = {pair["name"]["value"].lower(): str(pair["value"]).lower() for pair in pairs}
            for point in series.get("data") or ():
                if (value := point.get("average")) is not None:
                    yield metric["name"]["value"], values, _moment(point["timeStamp"]), float(value)


def _iso(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _interval(seconds: float) -> str:
    """A grain as an ISO 8601 duration: PT1M, PT5M, PT1H, and for the local workspace PT1S."""
    whole = int(seconds)
    if whole % 3600 == 0:
        return f"PT{whole // 3600}H"
    return f"PT{whole // 60}M" if whole % 60 == 0 else f"PT{whole}S"
