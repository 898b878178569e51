"""What a request body may hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.shapes import DEPLOYMENT, ENDPOINT, check, deployment_shape, seconds, texts

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown member": ({"colour": 1}, "colour"),
    "a nested unknown member": ({"properties": {"trafic": {}}}, "properties.trafic"),
    "a share that is no number": ({"properties": {"traffic": {"blue": "90"}}}, "properties.traffic.blue"),
    "a share that is a truth value": ({"properties": {"traffic": {"blue": True}}}, "properties.traffic.blue"),
    "an unknown word": ({"properties": {"authMode": "Password"}}, "properties.authMode"),
    "a list for an object": ({"properties": []}, "properties"),
    "a tag that is a list": ({"tags": {"a": []}}, "tags.a"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_body_is_refused_with_its_place(name: str) -> None:
    body, place = WRONG[name]
    with pytest.raises(ArmRefused) as refused:
        check(body, ENDPOINT)
    assert refused.value.values["path"] == place


@pytest.mark.parametrize(
    ("properties", "place"),
    [
        ({"requestSettings": {"requestTimeout": "5s"}}, "properties.requestSettings.requestTimeout"),
        ({"livenessProbe": {"failureThreshold": 0}}, "properties.livenessProbe.failureThreshold"),
        ({"scaleSettings": {"scaleType": "TargetUtilization"}}, "properties.scaleSettings.scaleType"),
        (
            {"dataCollector": {"collections": {"a": {"enabled": True}}}},
            "properties.dataCollector.collections.a.enabled",
        ),
    ],
)
def test_a_wrong_deployment_is_refused_with_its_place(properties: dict[str, object], place: str) -> None:
    with pytest.raises(ArmRefused) as refused:
        check({"properties": properties}, DEPLOYMENT)
    assert refused.value.values["path"] == place


def test_a_startup_probe_is_known_from_2024_10_on() -> None:
    body = {"properties": {"startupProbe": {"period": "PT1S"}}}
    check(body, deployment_shape("2024-10-01"))
    with pytest.raises(ArmRefused) as refused:
        check(body, deployment_shape("2024-07-01-preview"))
    assert refused.value.values["path"] == "properties.startupProbe"


def test_null_is_absent_and_words_have_any_case() -> None:
    check({"tags": None, "properties": {"authMode": "aadtoken", "traffic": None}}, ENDPOINT)


@pytest.mark.parametrize(
    "tags",
    [{f"t{number}": "" for number in range(51)}, {"n" * 513: ""}, {"name": "v" * 257}],
    ids=("many", "name", "value"),
)
def test_tags_have_the_limits_of_the_resource_manager(tags: dict[str, str]) -> None:
    with pytest.raises(ArmRefused):
        check({"tags": tags}, ENDPOINT)


@given(st.integers(0, 10**6))
def test_milliseconds_survive_as_durations(milliseconds: int) -> None:
    assert round(seconds(f"PT{milliseconds / 1_000:f}S") * 1_000) == milliseconds


@pytest.mark.parametrize(("text", "expected"), [("PT5S", 5), ("PT1M30S", 90), ("P1DT1H", 90_000), ("PT0.5S", 0.5)])
def test_durations(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "P", "PT", "5", "PT5", "PT-5S", "P5S"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        seconds(text)


def test_numbers_become_text_and_nulls_go() -> None:
    assert texts({"a": 5, "b": True, "c": "x", "d": None}) == {"a": "5", "b": "true", "c": "x"}
