"""Conditions, changes and rules of autoscale settings: read, written, and read again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.kinds.autoscale import (
    METRICS,
    Change,
    Condition,
    Dimension,
    as_written,
    parsed_change,
    parsed_condition,
    rule_of,
    rule_text,
    spelled,
)

WORDS = st.from_regex(r"[A-Za-z]\w{0,8}", fullmatch=True).filter(lambda word: word not in ("or", "and", "where"))
DIMENSIONS = st.builds(
    Dimension, name=WORDS, equals=st.booleans(), values=st.lists(WORDS, min_size=1, max_size=3).map(tuple)
)
CONDITIONS = st.builds(
    Condition,
    metric=st.sampled_from(sorted(METRICS)),
    operator=st.sampled_from([">", ">=", "<", "<=", "==", "!="]),
    threshold=st.integers(0, 10_000_000).map(float) | st.decimals(0, 1000, places=3).map(float),
    aggregation=st.sampled_from(["avg", "min", "max", "total", "count", "last"]),
    window=st.integers(1, 43_200).map(float),
    dimensions=st.lists(DIMENSIONS, max_size=2).map(tuple),
)
CHANGES = st.builds(Change, sign=st.sampled_from("+-"), amount=st.integers(1, 50), percent=st.booleans()) | st.integers(
    1, 50
).map(lambda amount: Change(sign="=", amount=amount))


@given(CONDITIONS)
def test_a_condition_is_read_as_it_is_written(condition: Condition) -> None:
    assert parsed_condition(str(condition)) == condition


@given(CHANGES)
def test_a_change_is_read_as_it_is_written(change: Change) -> None:
    assert parsed_change(str(change)) == change


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("cpu>70", "cpu > 70 avg 5m"),
        ("CPU > 70%", "cpu > 70 avg 5m"),
        ("CpuUtilizationPercentage > 70.0 avg", "cpu > 70 avg 5m"),
        ("cpuutilizationpercentage >= 70.5 max 600s", "cpu >= 70.5 max 10m"),
        (" requests  < 1000000 total 1h ", "requests < 1000000 total 1h"),
        ("Custom_Metric != 1 last 90s", "Custom_Metric != 1 last 90s"),
        ("latency > 5 where deployment == blue or green and a != b", None),
    ],
)
def test_spellings_of_one_condition(written: str, meant: str | None) -> None:
    condition = parsed_condition(written)
    assert condition is not None
    assert str(condition) == (meant or "latency > 5 avg 5m where deployment == blue or green and a != b")


@pytest.mark.parametrize("written", ["", "cpu", "cpu 70", "cpu > x", "cpu > 70 mean", "cpu > 70 5", "> 70", "cpu => 7"])
def test_what_is_no_condition(written: str) -> None:
    assert parsed_condition(written) is None


@pytest.mark.parametrize("written", [None, True, "", "1.5", "++1", "=", "=2%", "one"])
def test_what_is_no_change(written: object) -> None:
    assert parsed_change(written) is None


def test_a_number_is_a_change_and_zero_is_one_too() -> None:
    assert [str(parsed_change(written)) for written in (1, -2, "3", "+20%", 0)] == ["+1", "-2", "+3", "+20%", "+0"]


RULES = st.fixed_dictionaries(
    {"change": CHANGES.map(str)},
    optional={
        "cooldown": st.sampled_from(["5m", "10m", "90s"]),
        "of": st.sampled_from(["deployment", "endpoint"]),
        "grain": st.sampled_from(["1m", "5m"]),
        "statistic": st.sampled_from(["average", "max"]),
        "per_instance": st.booleans(),
    },
)


@given(RULES)
def test_a_rule_on_one_line_has_all_of_it(rule: dict[str, Any]) -> None:
    assert {key: value for key, value in rule_of(rule_text(rule)).items() if key in rule} == rule
    assert rule_text(rule_of(rule_text(rule))) == rule_text(rule)


SCHEDULES = st.fixed_dictionaries(
    {"min": st.integers(1, 3), "max": st.integers(3, 5), "days": st.just(["Sunday", "Monday"])},
    optional={"rules": st.dictionaries(CONDITIONS.map(str), RULES, max_size=2)},
)
SETTINGS = st.fixed_dictionaries(
    {"min": st.integers(1, 3), "max": st.integers(3, 5)},
    optional={
        "cpu": st.just("70%"),
        "default": st.integers(3, 3),
        "rules": st.dictionaries(CONDITIONS.map(str), RULES, max_size=3),
        "schedules": st.dictionaries(WORDS, SCHEDULES, max_size=2),
    },
)


@given(SETTINGS)
def test_what_is_written_back_means_the_same(setting: dict[str, Any]) -> None:
    once = spelled(setting)
    assert spelled(as_written(once)) == {key: value for key, value in once.items() if value is not None}


def test_the_short_form_is_two_rules_that_never_flap() -> None:
    rules = spelled({"min": 1, "max": 3, "cpu": "70%", "memory": 81})["rules"]
    assert rules == {
        "cpu > 70 avg 5m": "+1",
        "cpu < 35 avg 5m": "-1",
        "memory > 81 avg 5m": "+1",
        "memory < 40.5 avg 5m": "-1",
    }


def test_a_schedule_with_the_same_rules_says_nothing_of_them() -> None:
    rules = {"cpu > 70": "+1"}
    schedule = {"min": 1, "max": 2, "days": ["Sunday", "Monday"], "rules": {"cpu>70%": 1}}
    made = spelled({"min": 1, "max": 3, "rules": rules, "schedules": {"s": schedule}})["schedules"]["s"]
    assert (made["rules"], made["days"], made["default"]) == (None, ["Monday", "Sunday"], 1)
