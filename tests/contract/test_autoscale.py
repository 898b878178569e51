"""Autoscale settings of Azure Monitor: through the client of its SDK, over plain HTTP, and what they do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.contract.conftest import BASE, Credential, Workspace, deployment_body

GROUP = BASE.partition("/providers/")[0]
SETTINGS = f"/{GROUP}/providers/Microsoft.Insights/autoscaleSettings"
BLUE = f"{BASE}/onlineEndpoints/one/deployments/blue"
VERSION = "?api-version=2022-10-01"
ENDPOINT: dict[str, Any] = {"identity": {"type": "SystemAssigned"}, "properties": {"authMode": "Key"}}


def rule(above: bool = True, threshold: float = 100.0, value: str = "1", **trigger: object) -> dict[str, Any]:
    return {
        "metricTrigger": {
            "metricName": "RequestsPerMinute",
            "metricResourceUri": BLUE,
            "timeGrain": "PT1M",
            "statistic": "Average",
            "timeWindow": "PT5M",
            "timeAggregation": "Average",
            "operator": "GreaterThan" if above else "LessThan",
            "threshold": threshold,
            **trigger,
        },
        "scaleAction": {
            "direction": "Increase" if above else "Decrease",
            "type": "ChangeCount",
            "value": value,
            "cooldown": "PT1M",
        },
    }


def setting(*rules: dict[str, Any], low: int = 1, high: int = 5, **properties: object) -> dict[str, Any]:
    capacity = {"minimum": str(low), "maximum": str(high), "default": str(low)}
    profiles = [{"name": "default", "capacity": capacity, "rules": list(rules)}]
    return {"location": "local", "properties": {"targetResourceUri": BLUE, "profiles": profiles, **properties}}


@pytest.fixture
def blue(workspace: Workspace) -> Workspace:
    """A workspace whose endpoint `one` has a deployment `blue` of one instance."""
    workspace.ask("PUT", "/onlineEndpoints/one", ENDPOINT)
    workspace.until("/onlineEndpoints/one", "Succeeded")
    workspace.ask("PUT", "/onlineEndpoints/one/deployments/blue", deployment_body(workspace))
    workspace.until("/onlineEndpoints/one/deployments/blue", "Succeeded")
    return workspace


def put(workspace: Workspace, body: dict[str, Any], name: str = "s") -> Any:
    return workspace.ask("PUT", f"{SETTINGS}/{name}{VERSION}", body)


def instances(workspace: Workspace) -> int:
    return int(workspace.ask("GET", "/onlineEndpoints/one/deployments/blue").body["sku"]["capacity"])


def until(count: Callable[[], int], wanted: int) -> None:
    end = time.monotonic() + 60
    while (now := count()) != wanted:
        assert time.monotonic() < end, now
        time.sleep(0.05)


def request(workspace: Workspace, times: int) -> None:
    for _ in range(times):
        workspace.ask("POST", "//inference/one/score", {}, **{"azureml-model-deployment": "blue"})


@pytest.fixture(scope="module")
def monitor(shared: Workspace) -> Iterator[Any]:
    from azure.mgmt.monitor import MonitorManagementClient

    base = shared.connection["api"]
    with MonitorManagementClient(
        Credential(token=(shared.root / "token").read_text()),
        shared.connection["workspace"]["subscription_id"],
        base_url=base,
        credential_scopes=[f"{base}/.default"],
        connection_verify=str(shared.root / "ca.pem"),
    ) as client:
        yield client.autoscale_settings


def test_the_client_of_the_sdk_writes_reads_lists_and_deletes(monitor: Any) -> None:
    from azure.mgmt.monitor.models import AutoscaleSettingResource

    body = setting(rule(), rule(above=False, threshold=20.0))
    written = monitor.create_or_update(
        "local", "mine", AutoscaleSettingResource.deserialize(body | {"tags": {"a": "b"}})
    )
    read = monitor.get("local", "mine")
    assert (read.enabled, read.tags, read.target_resource_uri) == (True, {"a": "b"}, BLUE)
    assert (read.type, read.name) == ("Microsoft.Insights/autoscaleSettings", "mine")
    assert read.profiles[0].rules[1].metric_trigger.threshold == 20.0
    assert [item.id for item in monitor.list_by_resource_group("local")] == [written.id]
    assert [item.id for item in monitor.list_by_subscription()] == [written.id]
    monitor.delete("local", "mine")
    assert list(monitor.list_by_resource_group("local")) == []


def test_a_second_put_changes_it_and_a_patch_keeps_the_rest(shared: Workspace) -> None:
    assert put(shared, setting(rule())).status == 201
    assert put(shared, setting(rule(threshold=7.0))).status == 200
    patched = shared.ask("PATCH", f"{SETTINGS}/S{VERSION}", {"tags": {"team": "a"}, "properties": {"enabled": False}})
    assert (patched.status, patched.body["tags"]) == (200, {"team": "a"})
    (profile,) = shared.ask("GET", f"{SETTINGS}/s{VERSION}").body["properties"]["profiles"]
    assert profile["rules"][0]["metricTrigger"]["threshold"] == 7.0
    assert shared.ask("DELETE", f"{SETTINGS}/s{VERSION}").status == 200
    assert shared.ask("DELETE", f"{SETTINGS}/s{VERSION}").status == 204
    assert shared.ask("GET", f"{SETTINGS}/s{VERSION}").status == 404


def changed(where: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """A setting with one value replaced."""
    body = deepcopy(setting(rule()))
    inside: Any = body["properties"]
    for key in where[:-1]:
        inside = inside[key]
    inside[where[-1]] = value
    return body


PROFILE: tuple[str | int, ...] = ("profiles", 0)
TRIGGER = (*PROFILE, "rules", 0, "metricTrigger")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (changed((*PROFILE, "capacity", "default"), "9"), "minimum <= default <= maximum"),
        (changed((*PROFILE, "capacity", "minimum"), "six"), "minimum <= default <= maximum"),
        (changed((*PROFILE, "rules"), [rule()] * 11), "at most 10 rules"),
        (changed(("profiles",), setting()["properties"]["profiles"] * 2), "differ from each other"),
        (changed(("profiles",), []), "1 to 20 profiles"),
        (changed((*TRIGGER, "timeWindow"), "PT1M"), "shorter than 300 seconds"),
        (changed((*TRIGGER, "timeGrain"), "PT13H"), "longer than 43200 seconds"),
        (changed((*TRIGGER, "operator"), "Above"), "is not one of"),
        (changed((*TRIGGER, "threshold"), None), "'rule.metricTrigger.threshold' is required"),
        (changed((*TRIGGER, "colour"), "red"), "Could not find member"),
        ({"properties": setting()["properties"]}, "'location' is required"),
    ],
)
def test_what_azure_refuses_is_refused(shared: Workspace, body: dict[str, Any], said: str) -> None:
    answer = put(shared, body)
    assert (answer.status, said in str(answer.body)) == (400, True), answer.body


def test_a_resource_has_one_setting(shared: Workspace) -> None:
    assert put(shared, setting()).status == 201
    refused = put(shared, setting(), "other")
    assert (refused.status, "already has the autoscale setting 's'" in str(refused.body)) == (400, True)
    shared.ask("DELETE", f"{SETTINGS}/s{VERSION}")


def test_instances_are_brought_within_the_bounds(blue: Workspace) -> None:
    put(blue, setting(low=3))
    until(lambda: instances(blue), 3)


def test_requests_scale_out_until_the_maximum_and_their_end_scales_in(blue: Workspace) -> None:
    put(blue, setting(rule(threshold=100.0), rule(above=False, threshold=30.0), low=1, high=2))
    end = time.monotonic() + 60
    while instances(blue) < 2:
        request(blue, 3)  # a request in a second is sixty in a minute
        assert time.monotonic() < end
    assert instances(blue) == 2
    until(lambda: instances(blue), 1)


def test_busy_processors_scale_out_and_idle_ones_in(blue: Workspace) -> None:
    name = "CpuUtilizationPercentage"
    put(blue, setting(rule(threshold=40.0, metricName=name), rule(False, 20.0, metricName=name), high=2))
    (blue.root / "busy").touch()
    until(lambda: instances(blue), 2)
    (blue.root / "busy").unlink()
    until(lambda: instances(blue), 1)


def test_a_count_that_somebody_writes_is_undone(blue: Workspace) -> None:
    put(blue, setting(low=2, high=3))
    until(lambda: instances(blue), 2)
    blue.ask("PATCH", "/onlineEndpoints/one/deployments/blue", {"sku": {"capacity": 1}})
    until(lambda: instances(blue), 2)


def test_a_disabled_setting_does_nothing(blue: Workspace) -> None:
    put(blue, setting(low=3, enabled=False))
    put(blue, setting(low=2, high=2) | {"properties": setting(low=2, high=2)["properties"] | {"enabled": False}})
    blue.ask("PUT", "/onlineEndpoints/one/deployments/blue", deployment_body(blue))
    blue.until("/onlineEndpoints/one/deployments/blue", "Succeeded")
    assert instances(blue) == 1


def test_a_setting_outlives_its_deployment_and_a_restart(blue: Workspace) -> None:
    put(blue, setting(low=2))
    until(lambda: instances(blue), 2)
    blue.ask("DELETE", "/onlineEndpoints/one/deployments/blue")
    end = time.monotonic() + 60
    while blue.ask("GET", "/onlineEndpoints/one/deployments/blue").status != 404:
        assert time.monotonic() < end
        time.sleep(0.05)
    blue.end()
    blue.start()
    (left,) = blue.ask("GET", f"{SETTINGS}{VERSION}").body["value"]
    assert left["properties"]["targetResourceUri"] == BLUE
    blue.ask("PUT", "/onlineEndpoints/one/deployments/blue", deployment_body(blue))
    until(lambda: instances(blue), 2)


def test_a_quota_that_is_used_up_is_no_end_of_scaling(blue: Workspace) -> None:
    blue.admin("PUT", "quota", {"standardDSv2Family": 5})
    put(blue, setting(low=2))  # looked at before the next request is
    assert instances(blue) == 1
    blue.admin("PUT", "quota", {})
    until(lambda: instances(blue), 2)
