"""The metrics of an online endpoint and of a deployment.

Names, units and dimensions: https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/
microsoft-machinelearningservices-workspaces-onlineendpoints-metrics, and the page of the deployments beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deployer.local_workspace.ports import Counted

_BY_STATUS = ("deployment", "statusCode", "statusCodeClass", "modelStatusCode")
_BY_DEPLOYMENT = ("deployment",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric: `value` is that of one grain of so many seconds, None for what is not measured here."""

    name: str
    unit: str = "Count"
    dimensions: tuple[str, ...] = ()
    value: Callable[[Counted, int], float] | None = None


def _requests_per_minute(counted: Counted, grain: int) -> float:
    return counted.requests * 60 / grain


def _percentile(rank: int) -> Callable[[Counted, int], float]:
    return lambda counted, _grain: counted.percentile(rank)


def _latencies(dimensions: tuple[str, ...]) -> tuple[Metric, ...]:
    named = {f"RequestLatency_P{rank}": _percentile(rank) for rank in (50, 90, 95, 99)}
    return tuple(
        Metric(name=name, unit="Milliseconds", dimensions=dimensions, value=value) for name, value in named.items()
    )


def _table(*metrics: Metric) -> Mapping[str, Metric]:
    return {metric.name.lower(): metric for metric in metrics}


ENDPOINT = _table(
    Metric(name="RequestsPerMinute", dimensions=_BY_STATUS, value=_requests_per_minute),
    Metric(
        name="RequestLatency",
        unit="Milliseconds",
        dimensions=_BY_DEPLOYMENT,
        value=lambda counted, _grain: counted.mean(),
    ),
    *_latencies(_BY_DEPLOYMENT),
    Metric(name="ConnectionsActive"),
    Metric(name="NewConnectionsPerSecond", unit="CountPerSecond"),
    Metric(name="NetworkBytes", unit="BytesPerSecond"),
    Metric(name="DataCollectionEventsPerMinute", dimensions=("deployment", "type")),
    Metric(name="DataCollectionErrorsPerMinute", dimensions=("deployment", "type", "reason")),
)
DEPLOYMENT = _table(
    Metric(name="RequestsPerMinute", dimensions=("envoy_response_code",), value=_requests_per_minute),
    *_latencies(()),
    Metric(name="CpuUtilizationPercentage", unit="Percent", dimensions=("instanceId",)),
    Metric(name="CpuMemoryUtilizationPercentage", unit="Percent", dimensions=("instanceId",)),
    Metric(name="GpuUtilizationPercentage", unit="Percent", dimensions=("instanceId",)),
    Metric(name="GpuMemoryUtilizationPercentage", unit="Percent", dimensions=("instanceId",)),
    Metric(name="DiskUtilization", unit="Percent", dimensions=("instanceId", "disk")),
    Metric(name="DeploymentCapacity", dimensions=("instanceId", "State")),
    Metric(name="DataCollectionEventsPerMinute", dimensions=("instanceId", "type")),
    Metric(name="DataCollectionErrorsPerMinute", dimensions=("instanceId", "type", "reason")),
)
GRAINS: Mapping[str, int] = {
    "PT1M": 60,
    "PT5M": 300,
    "PT15M": 900,
    "PT30M": 1_800,
    "PT1H": 3_600,
    "PT6H": 21_600,
    "PT12H": 43_200,
    "P1D": 86_400,
}
SHORT_GRAINS: Mapping[str, int] = {f"PT{seconds}S": seconds for seconds in (1, 2, 5, 10, 15, 20, 30)}
"""Grains that Azure does not have, so that a rollout can be tried in seconds."""
