"""Splits on the way, and verdicts over what was seen there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.core.intent import Checks, Rollout
from deployer.planning.rollout import (
    Observation,
    Split,
    Stage,
    Verdict,
    between,
    failed_towards,
    judge,
    progress_towards,
    rescue_split,
    rollout_mark,
    stages,
)
from tests.properties.states import splits

full = splits(("blue", "green", "red")).filter(bool)


@given(full, full, st.integers(0, 100))
def test_a_split_on_the_way_keeps_the_sum_and_lies_between(start: Split, target: Split, percent: int) -> None:
    found = between(start, target, percent)
    assert sum(found.values()) == 100
    for name in start.keys() | target.keys():
        low, high = sorted((start.get(name, 0), target.get(name, 0)))
        assert low - 1 <= found.get(name, 0) <= high + 1
    assert between(start, target, 0) == start
    assert between(start, target, 100) == target


def test_the_tutorial_of_safe_rollouts() -> None:
    found = stages({"blue": 100}, {"green": 100}, Rollout(steps=(10, 50, 100)))
    assert found == (
        Stage(percent=10, split={"blue": 90, "green": 10}),
        Stage(percent=50, split={"blue": 50, "green": 50}),
        Stage(percent=100, split={"green": 100}),
    )
    assert stages({"blue": 100}, {"green": 100}, Rollout(steps=(10, 50, 100)), done=10) == found[1:]


def test_with_nothing_to_shift_from_there_is_one_stage() -> None:
    assert stages({}, {"blue": 100}, Rollout(steps=(10, 100))) == (Stage(percent=100, split={"blue": 100}),)


def test_a_mark_tells_how_far_a_rollout_came_and_where_it_went() -> None:
    mark = rollout_mark({"green": 100, "blue": 0}, 50)
    assert progress_towards(mark, {"green": 100}) == 50
    assert progress_towards(mark, {"green": 90, "blue": 10}) == 0
    assert progress_towards("", {"green": 100}) == 0
    assert failed_towards(rollout_mark({"green": 100}, "failed"), {"green": 100})
    assert not failed_towards(mark, {"green": 100})


def seen(*problems: str, milliseconds: float = 10.0) -> list[Observation]:
    return [Observation(milliseconds=milliseconds, problem=problem) for problem in problems]


@pytest.mark.parametrize(
    ("observations", "checks", "verdict"),
    [
        (seen("", "", ""), Checks(min_requests=3), Verdict.PASSED),
        (seen("", ""), Checks(min_requests=3), Verdict.INCONCLUSIVE),
        ([], Checks(min_requests=1), Verdict.INCONCLUSIVE),
        (seen("", "bad", ""), Checks(min_requests=3), Verdict.FAILED),
        (seen("", "bad", "", ""), Checks(min_requests=3, max_error_rate=0.25), Verdict.PASSED),
        (seen("", "bad", "bad", ""), Checks(min_requests=3, max_error_rate=0.25), Verdict.FAILED),
        (seen("", "", milliseconds=900), Checks(min_requests=2, max_p95_ms=500), Verdict.FAILED),
        (seen("", "", milliseconds=400), Checks(min_requests=2, max_p95_ms=500), Verdict.PASSED),
        (seen("bad", "bad"), Checks(min_requests=2, smoke=False), Verdict.PASSED),
    ],
)
def test_verdicts(observations: list[Observation], checks: Checks, verdict: Verdict) -> None:
    assert judge(observations, checks)[0] is verdict


def test_a_rescue_scales_the_healthy_up_to_the_whole() -> None:
    assert rescue_split({"blue": 60, "green": 30, "red": 10}, "blue", frozenset({"green", "red"})) == {
        "green": 75,
        "red": 25,
    }
    assert rescue_split({"blue": 100}, "blue", frozenset({"green"})) == {}
