"""Which profile of an autoscale setting holds, and what its rules decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.local_workspace.control.monitor.autoscale_decision import active_profile, decide

MONDAY = datetime(2026, 11, 30, tzinfo=UTC)


def rule(name: str, above: bool, threshold: float, kind: str = "ChangeCount", value: str = "1") -> dict[str, Any]:
    direction, holds = ("Increase", "GreaterThan") if above else ("Decrease", "LessThan")
    return {
        "metricTrigger": {"metricName": name, "operator": holds, "threshold": threshold},
        "scaleAction": {"direction": direction, "type": kind, "value": value, "cooldown": "PT5M"},
    }


def profile(*rules: dict[str, Any], low: int = 1, high: int = 9, default: int = 1, **more: object) -> dict[str, Any]:
    capacity = {"minimum": str(low), "maximum": str(high), "default": str(default)}
    return {"name": "p", "capacity": capacity, "rules": list(rules), **more}


OUT, IN = rule("cpu", True, 70), rule("cpu", False, 30)


@pytest.mark.parametrize(
    ("rules", "values", "current", "wanted"),
    [
        ([OUT, IN], {"cpu": 80.0}, 2, 3),
        ([OUT, IN], {"cpu": 50.0}, 2, 2),
        ([OUT, IN], {"cpu": 20.0}, 2, 1),
        ([OUT, IN], {"cpu": 80.0}, 9, 9),
        ([OUT, IN], {"cpu": 20.0}, 1, 1),
        ([OUT, rule("rpm", True, 9, value="3")], {"cpu": 80.0, "rpm": 10.0}, 2, 5),
        ([OUT, rule("rpm", True, 9)], {"cpu": 10.0, "rpm": 10.0}, 2, 3),
        ([IN, rule("rpm", False, 9)], {"cpu": 10.0, "rpm": 10.0}, 2, 2),
        ([IN, rule("rpm", False, 9, value="2")], {"cpu": 10.0, "rpm": 1.0}, 5, 4),
        ([rule("cpu", True, 70, "PercentChangeCount", "50")], {"cpu": 80.0}, 4, 6),
        ([rule("cpu", True, 70, "PercentChangeCount", "5")], {"cpu": 80.0}, 2, 3),
        ([rule("cpu", True, 70, "ExactCount", "7")], {"cpu": 80.0}, 2, 7),
        ([rule("cpu", True, 40), rule("cpu", False, 30)], {"cpu": 25.0}, 2, 2),
        ([OUT, IN], {}, 2, 4),
        ([OUT, rule("rpm", False, 9)], {"rpm": 1.0}, 2, 1),
    ],
)
def test_rules_work_together(rules: list[dict[str, Any]], values: dict[str, float], current: int, wanted: int) -> None:
    default = 4 if not values else 1
    made = profile(*rules, default=default)
    assert decide(made, current, lambda trigger: values.get(trigger["metricName"])).count == wanted


@given(st.integers(1, 9), st.integers(0, 9), st.integers(0, 60), st.floats(0, 100) | st.none())
def test_what_is_decided_is_within_the_bounds(low: int, more: int, current: int, value: float | None) -> None:
    decision = decide(profile(OUT, IN, low=low, high=low + more, default=low), current, lambda _: value)
    assert low <= decision.count <= low + more
    assert decision.count == current or decision.why


WEEKEND = profile(
    recurrence={
        "frequency": "Week",
        "schedule": {"timeZone": "UTC", "days": ["Saturday"], "hours": [8], "minutes": [30]},
    }
)
WEEK = profile(
    recurrence={"frequency": "Week", "schedule": {"timeZone": "UTC", "days": ["Monday"], "hours": [0], "minutes": [0]}}
)
PARTY = profile(fixedDate={"timeZone": "UTC", "start": "2026-12-05T00:00:00Z", "end": "2026-12-05T12:00:00Z"})
PLAIN = profile()


@pytest.mark.parametrize(
    ("profiles", "hours", "wanted"),
    [
        ([PLAIN], 0, PLAIN),
        ([PLAIN, WEEKEND, WEEK], 0, WEEK),
        ([PLAIN, WEEKEND, WEEK], 5 * 24 + 8, WEEK),
        ([PLAIN, WEEKEND, WEEK], 5 * 24 + 8.5, WEEKEND),
        ([PLAIN, WEEKEND, WEEK], 7 * 24 - 1, WEEKEND),
        ([PLAIN, WEEKEND, WEEK], 7 * 24, WEEK),
        ([PLAIN, WEEKEND, PARTY], 5 * 24 + 11, PARTY),
        ([PLAIN, WEEKEND, PARTY], 5 * 24 + 12, WEEKEND),
        ([PLAIN, PARTY], 0, PLAIN),
    ],
)
def test_the_profile_that_holds(profiles: list[dict[str, Any]], hours: float, wanted: dict[str, Any]) -> None:
    assert active_profile(profiles, MONDAY + timedelta(hours=hours)) is wanted
