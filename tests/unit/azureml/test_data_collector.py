"""Data collectors: one sampling rate for all collections, and data assets that the SDK names if nobody did."""

from __future__ import annotations

from typing import Any

import pytest

from deployer.azureml.bookkeeping import Notes
from deployer.azureml.kinds import data_collector
from deployer.core.resources import Value
from tests.unit.azureml.service import HOME, WHERE

REGISTRY = "azureml://registries/r/data/inputs/versions/2"


def read(wire: Any, **declared: Value) -> Any:
    return data_collector.normalise(wire, WHERE, "digits-blue", Notes(sent={"data": declared} if declared else {}))


def read_data(data_id: str | None, **declared: Value) -> Any:
    return read({"collections": {"inputs": {"dataId": data_id}}}, **declared)["collections"]["inputs"]["data"]


def asset(name: str, version: str = "1") -> str:
    return f"{HOME}/data/{name}/versions/{version}"


def test_no_collector_is_none() -> None:
    assert data_collector.normalise(None, WHERE, "digits-blue", Notes()) is None
    assert data_collector.entity(None) is None


def test_a_collector_that_says_nothing_collects_nothing() -> None:
    nothing: dict[str, Any] = {"collections": {}, "rolling_rate": None, "sampling_rate": None, "request_logging": None}
    assert read({"collections": None}) is not None
    assert read({"collections": None}) == nothing


def test_the_one_sampling_rate_is_that_of_the_first_collection_that_has_one() -> None:
    rates: list[dict[str, Any]] = [{}, {"samplingRate": 0}, {"samplingRate": 0.5}]
    found = read({"collections": {f"part{number}": rate for number, rate in enumerate(rates)}})
    assert found["sampling_rate"] == 0.0


def test_headers_that_are_logged_are_read() -> None:
    assert read({"requestLogging": {"captureHeaders": ["a"]}})["request_logging"] == {"capture_headers": ["a"]}
    assert read({"requestLogging": {}})["request_logging"] == {"capture_headers": None}
    assert read({"rollingRate": "Hour"})["rolling_rate"] == "hour"


@pytest.mark.parametrize(
    ("mode", "enabled"), [("Enabled", "true"), ("enabled", "true"), ("Disabled", "false"), (None, "false")]
)
def test_a_collection_is_on_or_off(mode: str | None, enabled: str) -> None:
    wire = {"collections": {"inputs": {"dataCollectionMode": mode, "clientId": "c"}}}
    assert read(wire)["collections"]["inputs"] == {"enabled": enabled, "data": None, "client_id": "c"}


@pytest.mark.parametrize(
    ("data_id", "declared"),
    [
        (asset("digits-blue-inputs"), None),
        (asset("mine", "3"), {"name": "mine", "version": "3", "path": "azureml://store/x", "data_id": None}),
        (asset("digits-blue-inputs", "3"), {"version": "3"}),
        (asset("mine"), {"name": "mine"}),
        (asset("mine", "3"), "azureml:mine:3"),
        (REGISTRY, REGISTRY),
    ],
)
def test_the_data_asset_that_the_sdk_made_of_the_declared_one_is_the_declared_one(data_id: str, declared: Any) -> None:
    assert read_data(data_id, inputs=declared, outputs="azureml:other:1") == declared


@pytest.mark.parametrize(
    ("data_id", "undeclared"),
    [
        (asset("other", "2"), {"name": "other", "version": "2", "path": None, "data_id": None}),
        ("azureml:other", {"name": "other", "version": None, "path": None, "data_id": None}),
        (REGISTRY, {"name": None, "version": None, "path": None, "data_id": REGISTRY}),
        (None, None),
    ],
)
@pytest.mark.parametrize("declared", [None, "azureml:mine:3", {"name": "mine"}])
def test_another_data_asset_than_the_declared_one_is_shown(data_id: str | None, undeclared: Any, declared: Any) -> None:
    assert read_data(data_id, inputs=declared) == undeclared


def test_a_note_of_data_that_is_no_map_says_nothing() -> None:
    raw = {"collections": {"inputs": {"dataId": asset("mine")}}}
    found = data_collector.normalise(raw, WHERE, "digits-blue", Notes(sent={"data": "mine"}))
    assert found is not None
    assert found["collections"]["inputs"]["data"]["name"] == "mine"


def test_what_is_declared_is_noted_by_collection() -> None:
    parts: dict[str, Any] = {"inputs": {"data": {"name": "mine"}}, "outputs": {"data": None}, "rest": {}}
    assert data_collector.declared_data({"data_collector": {"collections": parts}}) == {"inputs": {"name": "mine"}}
    assert data_collector.declared_data({"data_collector": None}) == {}


def test_a_collector_is_written_whole() -> None:
    made = data_collector.entity(
        {
            "collections": {
                "inputs": {"enabled": "true", "data": "azureml:mine:3", "client_id": "c"},
                "outputs": {"enabled": "false", "data": {"name": "other", "version": "4", "path": "azureml://store/x"}},
                "rest": {"enabled": "true", "data": None},
            },
            "rolling_rate": "day",
            "sampling_rate": 0.5,
            "request_logging": {"capture_headers": ["a"]},
        }
    )
    inputs, outputs, rest = (made.collections[name] for name in ("inputs", "outputs", "rest"))
    assert (inputs.enabled, inputs.client_id, inputs.data.name, inputs.data.version) == ("true", "c", "mine", "3")
    assert (outputs.enabled, outputs.client_id) == ("false", None)
    assert (outputs.data.name, outputs.data.version, outputs.data.path) == ("other", "4", "azureml://store/x")
    assert (rest.enabled, rest.data) == ("true", None)
    assert (made.rolling_rate, made.sampling_rate) == ("day", 0.5)
    assert made.request_logging.capture_headers == ["a"]


def test_a_collector_may_leave_out_what_has_a_default() -> None:
    made = data_collector.entity({"collections": {}})
    assert (made.collections, made.request_logging) == ({}, None)
