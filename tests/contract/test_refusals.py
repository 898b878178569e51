"""Every row of the refusals table, met by a request that Azure would refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deployer.local_workspace.control import refusals
from deployer.local_workspace.control.envelopes import RefusalRule
from deployer.local_workspace.control.monitor import monitor_refusals
from tests.contract.conftest import BASE, Answer, Workspace, deployment_body

ROWS = {name: row for name, row in (vars(refusals) | vars(monitor_refusals)).items() if isinstance(row, RefusalRule)}
MET_ELSEWHERE = {
    "DISK_FULL": "test_robust.py",
    "INTERNAL": "a fault of the server itself: nothing known raises it",
}
METRICS = "/providers/Microsoft.Insights/metrics?api-version=2024-02-01&metricnames=Colours"
AUTOSCALE = (
    "//subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local"
    "/providers/Microsoft.Insights/autoscaleSettings/one?api-version=2022-10-01"
)
ENDPOINT: dict[str, Any] = {"identity": {"type": "SystemAssigned"}, "properties": {"authMode": "Key"}}


@dataclass(kw_only=True)
class Place:
    """A workspace with an endpoint `one` whose deployment `blue` takes all traffic, and `green` none."""

    at: Workspace
    body: dict[str, Any] = field(default_factory=dict)

    def prepare(self) -> Place:
        """Make what the rows start from."""
        self.body = deployment_body(self.at)
        self.put("one", ENDPOINT)
        for name in ("blue", "green"):
            self.deploy("one", name, self.body)
        self.put("one", ENDPOINT | {"properties": {"authMode": "Key", "traffic": {"blue": 100}}})
        self.put("tokens", ENDPOINT | {"properties": {"authMode": "AMLToken"}})
        return self

    def put(self, name: str, body: dict[str, Any]) -> None:
        """Write an endpoint and wait."""
        assert self.at.ask("PUT", f"/onlineEndpoints/{name}", body).status == 201
        self.at.until(f"/onlineEndpoints/{name}", "Succeeded")

    def deploy(self, endpoint: str, name: str, body: dict[str, Any], state: str = "Succeeded") -> None:
        """Write a deployment and wait."""
        path = f"/onlineEndpoints/{endpoint}/deployments/{name}"
        answer = self.at.ask("PUT", path, body)
        assert answer.status == 201, answer.body
        self.at.until(path, state)

    def changed(self, **properties: object) -> dict[str, Any]:
        """The deployment's body with other properties."""
        body = deepcopy(self.body)
        body["properties"].update(properties)
        return body

    def split(self, **properties: object) -> Answer:
        """The endpoint written with other properties."""
        body = ENDPOINT | {"properties": {"authMode": "Key", **properties}}
        return self.at.ask("PUT", "/onlineEndpoints/one", body)

    def hang(self, path: str) -> None:
        """Let the next operation started there hang."""
        self.at.admin("POST", "faults", {"method": "PUT|DELETE", "path": path, "count": 1, "operation": "hang"})

    def fail(self, path: str) -> None:
        """Let the next operation started there fail."""
        self.at.admin("POST", "faults", {"method": "PUT", "path": path, "count": 1, "operation": "fail"})


@pytest.fixture(scope="module")
def place(shared: Workspace) -> Place:
    """The place, for all rows."""
    return Place(at=shared).prepare()


def busy_endpoint(place: Place) -> Answer:
    place.hang("/hanging$")
    place.at.ask("PUT", "/onlineEndpoints/hanging", ENDPOINT)
    return place.at.ask("PUT", "/onlineEndpoints/hanging", ENDPOINT)


def deployment_in_a_busy_endpoint(place: Place) -> Answer:
    place.hang("/waiting$")
    place.at.ask("PUT", "/onlineEndpoints/waiting", ENDPOINT)
    return place.at.ask("PUT", "/onlineEndpoints/waiting/deployments/blue", place.body)


def failed_endpoint(place: Place) -> Answer:
    place.fail("/failing$")
    place.at.ask("PUT", "/onlineEndpoints/failing", ENDPOINT)
    place.at.until("/onlineEndpoints/failing", "Failed")
    return place.at.ask("PUT", "/onlineEndpoints/failing", ENDPOINT)


def deployment_in_a_failed_endpoint(place: Place) -> Answer:
    place.fail("/failed$")
    place.at.ask("PUT", "/onlineEndpoints/failed", ENDPOINT)
    place.at.until("/onlineEndpoints/failed", "Failed")
    return place.at.ask("PUT", "/onlineEndpoints/failed/deployments/blue", place.body)


def endpoint_being_deleted(place: Place) -> Answer:
    place.put("going", ENDPOINT)
    place.hang("/going$")
    assert place.at.ask("DELETE", "/onlineEndpoints/going").status == 202
    return place.at.ask("PUT", "/onlineEndpoints/going", ENDPOINT)


def failed_deployment(place: Place) -> Answer:
    place.put("bad", ENDPOINT)
    place.fail("/bad/deployments/blue$")
    place.deploy("bad", "blue", place.body, "Failed")
    return place.at.ask("PUT", "/onlineEndpoints/bad/deployments/blue", place.body)


def twenty_first_deployment(place: Place) -> Answer:
    place.put("crowd", ENDPOINT)
    for number in range(20):
        place.deploy("crowd", f"d{number:02}", place.body)
    return place.at.ask("PUT", "/onlineEndpoints/crowd/deployments/d20", place.body)


def hundred_and_first_endpoint(place: Place) -> Answer:
    names = [f"many-{number:03}" for number in range(100)]
    answers = [place.at.ask("PUT", f"/onlineEndpoints/{name}", ENDPOINT) for name in names]
    for name in names:
        place.at.ask("DELETE", f"/onlineEndpoints/{name}")
    return answers[-1]


def no_quota_left(place: Place) -> Answer:
    place.at.admin("PUT", "quota", {"standardFSv2Family": 6})
    return place.at.ask("PUT", "/onlineEndpoints/one/deployments/large", place.changed(instanceType="Standard_F4s_v2"))


def changed_asset(place: Place) -> Answer:
    return place.at.ask("PUT", "/environments/serving/versions/1", {"properties": {"image": "another"}})


def changed_property(place: Place) -> Answer:
    place.put("tokens", ENDPOINT | {"properties": {"authMode": "AMLToken", "properties": {"p": "1"}}})
    changed = ENDPOINT | {"properties": {"authMode": "AMLToken", "properties": {"p": "2"}}}
    return place.at.ask("PUT", "/onlineEndpoints/tokens", changed)


ASK: dict[str, Callable[[Place], Answer]] = {
    "INVALID_TOKEN": lambda place: place.at.ask("GET", "/onlineEndpoints", token=""),
    "MISSING_API_VERSION": lambda place: place.at.ask("GET", "/onlineEndpoints?x=api-version"),
    "UNKNOWN_API_VERSION": lambda place: place.at.ask("GET", "/onlineEndpoints?api-version=1999-01-01"),
    "NO_SUBSCRIPTION": lambda place: place.at.ask("GET", "/" + BASE.replace("00000000-0000", "11111111-0000")),
    "NO_RESOURCE_GROUP": lambda place: place.at.ask("GET", "/" + BASE.replace("Groups/local", "Groups/other")),
    "NO_WORKSPACE": lambda place: place.at.ask("GET", "/" + BASE.replace("workspaces/local", "workspaces/other")),
    "NO_ROUTE": lambda place: place.at.ask("GET", "/computes"),
    "NOT_FOUND": lambda place: place.at.ask("GET", "/onlineEndpoints/nowhere"),
    "NO_ASSET": lambda place: place.at.ask("GET", "/models/nothing/versions/1"),
    "ASSET_EXISTS": changed_asset,
    "NOT_JSON": lambda place: place.at.ask("PUT", "/onlineEndpoints/one", b"{"),
    "UNKNOWN_PARAMETER": lambda place: place.at.ask("GET", "/onlineEndpoints?colour=blue"),
    "METRICS": lambda place: place.at.ask("GET", "/onlineEndpoints/one" + METRICS),
    "WRONG_BODY": lambda place: place.split(colour="blue"),
    "WRONG_NAME": lambda place: place.at.ask("PUT", "/onlineEndpoints/1st", ENDPOINT),
    "NO_IDENTITY": lambda place: place.at.ask("PUT", "/onlineEndpoints/two", {"properties": {"authMode": "Key"}}),
    "IDENTITY_CHANGED": lambda place: place.at.ask(
        "PUT", "/onlineEndpoints/one", ENDPOINT | {"identity": {"type": "UserAssigned"}}
    ),
    "PROPERTY_CHANGED": changed_property,
    "EGRESS_CHANGED": lambda place: place.at.ask(
        "PUT", "/onlineEndpoints/one/deployments/blue", place.changed(egressPublicNetworkAccess="disabled")
    ),
    "ENDPOINT_FAILED": failed_endpoint,
    "ENDPOINT_UNUSABLE": deployment_in_a_failed_endpoint,
    "ENDPOINT_BUSY": deployment_in_a_busy_endpoint,
    "BUSY": busy_endpoint,
    "ENDPOINT_NAME_TAKEN": endpoint_being_deleted,
    "UNRECOVERABLE": failed_deployment,
    "TRAFFIC_SUM": lambda place: place.split(traffic={"blue": 90}),
    "TRAFFIC_TARGET": lambda place: place.split(traffic={"red": 100}),
    "MIRROR": lambda place: place.split(traffic={"blue": 100}, mirrorTraffic={"green": 60}),
    "TAKES_TRAFFIC": lambda place: place.at.ask("DELETE", "/onlineEndpoints/one/deployments/blue"),
    "TOO_MANY_DEPLOYMENTS": twenty_first_deployment,
    "TOO_MANY_ENDPOINTS": hundred_and_first_endpoint,
    "TOO_MANY_TAGS": lambda place: place.at.ask(
        "PUT", "/onlineEndpoints/one", ENDPOINT | {"tags": {str(number): "" for number in range(51)}}
    ),
    "NO_KEYS": lambda place: place.at.ask("POST", "/onlineEndpoints/tokens/listKeys"),
    "NO_TOKENS": lambda place: place.at.ask("POST", "/onlineEndpoints/one/token"),
    "MISSING_REFERENCE": lambda place: place.at.ask(
        "PUT", "/onlineEndpoints/one/deployments/red", place.changed(model=f"{BASE}/models/nothing/versions/1")
    ),
    "NO_ENVIRONMENT": lambda place: place.at.ask(
        "PUT", "/onlineEndpoints/one/deployments/red", place.changed(environmentId=None)
    ),
    "QUOTA": no_quota_left,
    "AUTOSCALE": lambda place: place.at.ask("PUT", AUTOSCALE, {"location": "local", "properties": {}}),
    "NO_AUTOSCALE_SETTING": lambda place: place.at.ask("GET", AUTOSCALE),
    "LAST_PAGE": lambda place: place.at.ask("GET", "/onlineEndpoints?$skip=nonsense"),
}


def test_the_table_is_walked_whole() -> None:
    assert ASK.keys() | MET_ELSEWHERE.keys() == ROWS.keys()


@pytest.mark.parametrize("name", ASK)
def test_a_refusal_has_its_status_its_code_and_its_text(place: Place, name: str) -> None:
    answer, row = ASK[name](place), ROWS[name]
    assert answer.status == row.status, answer.body
    error = answer.body["error"]
    assert error["code"] == row.code
    said = message(row, error)
    for fixed in pieces(row.text):
        assert fixed in said


def message(row: RefusalRule, error: dict[str, Any]) -> str:
    """The text of a refusal, out of its envelope."""
    if row.form in ("arm", "service"):
        return str(error["message"])
    (detail,) = error["details"]
    if row.form == "not-found":
        assert json.loads(detail["message"]) == {"title": "Not Found"}
        return str(error["message"])
    inner = json.loads(detail["message"].removeprefix("InferencingClient HttpRequest error, error detail: "))
    assert inner["title"] == "One or more validation errors occurred."
    assert [item["type"] for item in error["additionalInfo"]] == [
        "ComponentName",
        "Correlation",
        "Environment",
        "Location",
        "Time",
    ]
    ((said,),) = inner["errors"].values()
    return str(said)


def pieces(text: str) -> list[str]:
    """What of a template is the same for all values."""
    parts = text.replace("}", "{").split("{")
    return parts[::2]


def test_the_quota_is_said_in_the_recorded_words(place: Place) -> None:
    answer = no_quota_left(place)
    (detail,) = answer.body["error"]["details"]
    assert detail["code"] == "InferencingClientCreateDeploymentFailed"
    assert "Not enough quota available for Standard_F4s_v2 in SubscriptionId " in detail["message"]
    assert "Current usage/limit: 0/6. Additional needed: 8 Please see" in detail["message"]


def test_every_row_has_a_source_or_is_an_assumption_in_our_words() -> None:
    for name, row in ROWS.items():
        assert row.source is None or row.source.startswith("https://"), name
        assert row.source is not None or row.wording == "ours", name


RECORDED = Path(__file__).with_name("recorded_errors.json")


def test_the_recorded_errors_are_said_word_for_word(place: Place) -> None:
    texts = json.dumps(json.loads(RECORDED.read_text())).replace("\\", "")
    for name in (
        "UNRECOVERABLE",
        "ENDPOINT_FAILED",
        "ENDPOINT_UNUSABLE",
        "ENDPOINT_NAME_TAKEN",
        "ENDPOINT_BUSY",
        "QUOTA",
    ):
        for fixed in pieces(ROWS[name].text):
            assert fixed in texts, name


def test_a_property_of_a_deployment_is_refused_another_value_too(place: Place) -> None:
    path = "/onlineEndpoints/one/deployments/green"
    place.deploy("one", "green", place.changed(properties={"p": "1"}))
    answer = place.at.ask("PUT", path, place.changed(properties={"p": "2"}))
    assert (answer.status, "can be added, but not removed or altered" in str(answer.body)) == (400, True)
    place.deploy("one", "green", place.changed(properties={"p": "1", "q": "1"}))
