"""Autoscale settings between Azure's JSON and the fields of a spec."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from deployer.authoring.canonical import canonical
from deployer.azureml.kinds.autoscale import entity, name_of
from deployer.azureml.kinds.autoscale_profiles import profiles_of, read_profiles
from deployer.core.fields import with_defaults
from deployer.core.resources import Kind, Resource, autoscale_ref
from tests.unit.kinds.test_autoscale import CHANGES, CONDITIONS

ABOVE = "/subscriptions/s/resourceGroups/g/providers/P/workspaces/w/onlineEndpoints/e"
TARGET = f"{ABOVE}/deployments/d"
TIMES = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda at: f"{at[0]:02}:{at[1]:02}")
RULES = st.dictionaries(
    CONDITIONS.map(str),
    st.fixed_dictionaries(
        {"change": CHANGES.map(str)},
        optional={
            "of": st.sampled_from(["deployment", "endpoint"]),
            "cooldown": st.sampled_from(["1m", "90s"]),
            "statistic": st.sampled_from(["min", "average"]),
            "per_instance": st.booleans(),
        },
    ),
    max_size=3,
)
WEEKLY = {"days": st.just(["Monday", "Sunday"]), "start": TIMES, "end": TIMES}
ONCE = {"from": st.just("2026-12-01T10:00"), "until": st.just("2026-12-02T00:30")}
BOUNDS = {"min": st.integers(1, 2), "max": st.integers(4, 9), "default": st.integers(2, 4)}
SCHEDULES = st.one_of(
    *(
        st.fixed_dictionaries(
            {**BOUNDS, **times}, optional={"rules": RULES, "timezone": st.just("W. Europe Standard Time")}
        )
        for times in (WEEKLY, ONCE)
    )
)
SETTINGS = st.fixed_dictionaries(
    {**BOUNDS, "rules": RULES},
    optional={"schedules": st.dictionaries(st.sampled_from("abc"), SCHEDULES), "enabled": st.booleans()},
)


def read(profiles: list[dict[str, Any]], *, enabled: bool = True) -> dict[str, Any]:
    return with_defaults(Kind.AUTOSCALE, {**read_profiles(profiles, TARGET, ABOVE), "enabled": enabled})


@given(SETTINGS)
def test_what_is_sent_is_read_as_it_was(setting: dict[str, Any]) -> None:
    fields = canonical(Kind.AUTOSCALE, setting)
    sent = json.loads(json.dumps(profiles_of(fields, TARGET, ABOVE)))
    assert read(sent, enabled=bool(fields["enabled"])) == fields


WEEKEND = {"days": ["Saturday", "Sunday"], "start": "20:00", "end": "06:00", "min": 1, "max": 2}
FIELDS = canonical(Kind.AUTOSCALE, {"min": 1, "max": 5, "rules": {"cpu > 70": "+1"}, "schedules": {"weekend": WEEKEND}})


def changed(number: int, **members: Any) -> list[dict[str, Any]]:
    """The profiles of FIELDS with members of one of them changed."""
    profiles = deepcopy(profiles_of(FIELDS, TARGET, ABOVE))
    profiles[number].update(members)
    return profiles


def test_a_night_ends_on_the_next_day() -> None:
    plain, begins, ends = profiles_of(FIELDS, TARGET, ABOVE)
    assert begins["recurrence"]["schedule"]["days"] == ["Saturday", "Sunday"]
    assert ends["recurrence"]["schedule"] == {
        "timeZone": "UTC",
        "days": ["Sunday", "Monday"],
        "hours": [6],
        "minutes": [0],
    }
    assert (ends["capacity"], ends["rules"]) == (plain["capacity"], plain["rules"])
    assert json.loads(ends["name"]) == {"name": "default", "for": "weekend"}


def test_whatever_somebody_changed_differs() -> None:
    rule = deepcopy(profiles_of(FIELDS, TARGET, ABOVE)[0]["rules"][0])
    rule["metricTrigger"]["metricNamespace"] = "other"
    odd = deepcopy(profiles_of(FIELDS, TARGET, ABOVE)[0]["rules"][0])
    odd["scaleAction"]["type"] = "ServiceAllowedNextValue"
    twice = profiles_of(FIELDS, TARGET, ABOVE)[0]["rules"] * 2
    capacity = {"minimum": "1", "maximum": "9", "default": "1"}
    weekly = {"frequency": "Week", "schedule": {"timeZone": "UTC", "days": ["Friday"], "hours": [6], "minutes": [0]}}
    variants = [
        changed(0, capacity=capacity),
        changed(0, rules=[rule]),
        changed(0, rules=[odd]),
        changed(0, rules=twice),
        changed(1, capacity=capacity),
        changed(2, capacity=capacity),
        changed(2, recurrence=weekly),
        changed(2, name="something else"),
        profiles_of(FIELDS, TARGET, ABOVE)[:2],
        [profiles_of(FIELDS, TARGET, ABOVE)[0], profiles_of(FIELDS, TARGET, ABOVE)[2]],
        profiles_of(FIELDS, TARGET, f"{ABOVE}x"),
    ]
    assert read(profiles_of(FIELDS, TARGET, ABOVE)) == FIELDS
    for profiles in variants[:-1]:
        assert read(json.loads(json.dumps(profiles))) != FIELDS, profiles


def test_a_rule_about_another_resource_differs() -> None:
    elsewhere = json.loads(json.dumps(profiles_of(FIELDS, f"{ABOVE}/deployments/other", ABOVE)))
    assert read(elsewhere)["rules"] == {"cpu > 70 avg 5m": f"+1, of {ABOVE}/deployments/other"}


def test_an_entity_keeps_what_no_spec_declares() -> None:
    notifications = [{"operation": "Scale", "email": {"customEmails": ["a@example.com"]}}]
    live = {"location": "there", "tags": {"team": "a"}, "properties": {"notifications": notifications}}
    resource = Resource(ref=autoscale_ref("e", "d"), fields=FIELDS)
    made = entity(resource, (TARGET, ABOVE), live, "here", "shop").serialize()
    assert (made["location"], made["tags"]) == ("there", {"team": "a", "deployer-project": "shop"})
    assert made["properties"]["notifications"] == notifications
    assert entity(resource, (TARGET, ABOVE), None, "here", "shop").serialize()["location"] == "here"


def test_the_name_of_a_setting_is_told_by_its_target() -> None:
    assert name_of(TARGET) == name_of(TARGET.upper()) != name_of(f"{TARGET}2")
    assert name_of(TARGET).startswith("deployer-")
