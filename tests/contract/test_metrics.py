"""Metrics of Azure Monitor: names, filters, grains, gaps; over plain HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.contract.conftest import Answer, Workspace

ENDPOINT: dict[str, Any] = {"identity": {"type": "SystemAssigned"}, "properties": {"authMode": "Key"}}
INSIGHTS = "/onlineEndpoints/one/providers/Microsoft.Insights"
SENT = {("blue", 200): 6, ("blue", 424): 2, ("green", 200): 3, ("green", 500): 1}


@pytest.fixture(scope="module")
def counted(shared: Workspace) -> tuple[Workspace, int]:
    """A workspace whose endpoint was sent requests, in two grains of a second or fewer; and when they began."""
    shared.ask("PUT", "/onlineEndpoints/one", ENDPOINT)
    shared.until("/onlineEndpoints/one", "Succeeded")
    began = int(time.time())
    for (deployment, status), count in SENT.items():
        for number in range(count):
            headers = {"azureml-model-deployment": deployment, "answered": str(status), "after-ms": str(10 + number)}
            shared.ask("POST", "//inference/one/score", {}, **headers)
    return shared, began


def iso(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def asked(workspace: Workspace, path: str = f"{INSIGHTS}/metrics", **query: str) -> Answer:
    return workspace.ask("GET", f"{path}?{urlencode({'api-version': '2024-02-01', **query})}")


def until_settled(counted: tuple[Workspace, int], wanted: str, metrics: str = "RequestsPerMinute") -> Any:
    """The first metric of an answer whose last grain is over, so that every series has a value for all of them."""
    workspace, began = counted
    end = int(time.time()) + 1
    query = {"metricnames": metrics, "interval": "PT1S", "timespan": f"{iso(began)}/{iso(end)}", "$filter": wanted}
    while time.time() <= end:
        time.sleep(0.05)
    return asked(workspace, **query).body["value"][0]


def sums(metric: Any) -> dict[tuple[str, ...], float]:
    """The requests of each series: the metric is a rate a minute, in grains of a second."""
    return {
        tuple(pair["value"] for pair in series["metadatavalues"]): round(
            sum(point.get("average", 0) for point in series["data"]) / 60
        )
        for series in metric["timeseries"]
    }


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (
            "deployment eq '*' and statusCode eq '*'",
            {("blue", "200"): 6, ("blue", "424"): 2, ("green", "200"): 3, ("green", "500"): 1},
        ),
        ("deployment eq '*'", {("blue",): 8, ("green",): 4}),
        ("Deployment eq 'GREEN' and statusCodeClass ne '2xx'", {("green", "5xx"): 1}),
        ("statusCodeClass eq '4xx' or statusCodeClass eq '5xx'", {("4xx",): 2, ("5xx",): 1}),
        ("deployment eq 'red'", {}),
        ("", {(): 12}),
    ],
)
def test_requests_are_split_as_the_filter_says(
    counted: tuple[Workspace, int], wanted: str, expected: dict[tuple[str, ...], int]
) -> None:
    assert sums(until_settled(counted, wanted)) == expected


@pytest.mark.parametrize(("rank", "low", "high"), [(50, 9.8, 13.3), (99, 9.8, 15.3)])
def test_latencies_are_percentiles_by_deployment(
    counted: tuple[Workspace, int], rank: int, low: float, high: float
) -> None:
    metric = until_settled(counted, "deployment eq 'blue'", f"RequestLatency_P{rank}")
    (series,) = metric["timeseries"]
    values = [point["average"] for point in series["data"] if "average" in point]
    assert metric["unit"] == "Milliseconds"
    assert values
    assert all(low <= value <= high for value in values)


def test_a_grain_under_way_has_no_value_yet(counted: tuple[Workspace, int]) -> None:
    workspace, _ = counted
    now = time.time()
    answer = asked(workspace, timespan=f"{iso(now - 7200)}/{iso(now + 60)}", **{"$filter": "deployment eq 'blue'"})
    (series,) = answer.body["value"][0]["timeseries"]
    assert len(series["data"]) in (121, 122)
    assert "average" not in series["data"][-1]
    assert series["data"][0]["average"] == 0.0


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"metricnames": "Latency"}, "no metric 'Latency'"),
        ({"interval": "PT7M"}, "'PT7M'"),
        ({"timespan": "yesterday"}, "'yesterday'"),
        ({"timespan": "2026-01-02T00:00:00Z/2026-01-01T00:00:00Z"}, "end after it starts"),
        ({"$filter": "deployment is 'blue'"}, "deployment is 'blue'"),
        ({"$filter": "colour eq 'blue'"}, "no dimension 'colour'"),
        ({"$filter": "deployment eq 'blue' or statusCode eq '200'"}, "'or' joins the values of one dimension"),
        ({"metricnames": "RequestLatency", "$filter": "statusCode eq '200'"}, "no dimension 'statusCode'"),
    ],
)
def test_what_makes_no_sense_is_refused(counted: tuple[Workspace, int], query: dict[str, str], words: str) -> None:
    answer = asked(counted[0], **query)
    assert (answer.status, answer.body["error"]["code"]) == (400, "BadRequest")
    assert words in answer.body["error"]["message"]


def test_versions_and_parameters_are_those_of_monitor(counted: tuple[Workspace, int]) -> None:
    workspace, _ = counted
    assert workspace.ask("GET", f"{INSIGHTS}/metrics?api-version=2024-04-01").status == 400
    assert asked(workspace, colour="blue").status == 400
    assert workspace.ask("GET", "/onlineEndpoints/one?api-version=2024-02-01").status == 400


def test_what_does_not_exist_has_no_metrics(counted: tuple[Workspace, int]) -> None:
    none = "/onlineEndpoints/two/providers/Microsoft.Insights/metrics"
    assert asked(counted[0], none).status == 404
    below = "/onlineEndpoints/one/deployments/red/providers/Microsoft.Insights/metrics"
    assert asked(counted[0], below).status == 404


def test_definitions_name_every_metric_with_its_dimensions(counted: tuple[Workspace, int]) -> None:
    found = asked(counted[0], f"{INSIGHTS}/metricDefinitions").body["value"]
    dimensions = {item["name"]["value"]: [part["value"] for part in item["dimensions"]] for item in found}
    assert dimensions["RequestsPerMinute"] == ["deployment", "statusCode", "statusCodeClass", "modelStatusCode"]
    assert dimensions["RequestLatency_P95"] == ["deployment"]
    assert found[0]["metricAvailabilities"][0]["timeGrain"] == "PT1M"


@pytest.fixture
def faulty(counted: tuple[Workspace, int]) -> Iterator[tuple[Workspace, int]]:
    yield counted
    counted[0].admin("DELETE", "faults")


@pytest.mark.parametrize(("fault", "expected"), [("late", set()), ("missing", set()), ("zero", {0.0})])
def test_values_can_be_wrong_or_missing(faulty: tuple[Workspace, int], fault: str, expected: set[float]) -> None:
    assert sum(sums(until_settled(faulty, "")).values()) == 12
    faulty[0].admin("POST", "faults", {"path": "/metrics$", "metrics": fault})
    (series,) = until_settled(faulty, "")["timeseries"]
    assert {point["average"] for point in series["data"] if "average" in point} == expected


def test_an_unknown_fault_of_metrics_is_refused(counted: tuple[Workspace, int]) -> None:
    assert counted[0].admin("POST", "faults", {"metrics": "wrong"}).status == 400
