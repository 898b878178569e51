"""Splits on the way, and verdicts over what was seen there."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.core.bookkeeping import Bookkeeping
from deployer.core.diff import MISSING
from deployer.core.intent import Checks, Intent, Rollout, SmokeTest
from deployer.core.judgement import Verdict
from deployer.core.plan import Action, Plan, Step
from deployer.core.resources import Kind, Resource, deployment_ref, share_map
from deployer.planning.probes import Observation, judge
from deployer.planning.reconcile import reconcile
from deployer.planning.rollout import (
    Split,
    Stage,
    apportion,
    between,
    failed_rollouts,
    failed_towards,
    progress_towards,
    rescue_split,
    rollout_mark,
    stages,
    with_tests_and_stages,
)
from tests import build
from tests.build import deployment, endpoint, live, traffic, wish
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
    failed = rollout_mark({"green": 100}, "failed")
    assert failed_towards(failed, {"green": 100})
    assert progress_towards(failed, {"green": 100}) == 0
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


def traffic_steps(
    *, start: Resource, target: Resource, rollout: Rollout, tested: tuple[str, ...] = ("green",)
) -> list[Step]:
    there = live(endpoint(), deployment("blue"), deployment("green"), start)
    tests = {deployment_ref("digits", name): SmokeTest(request="r.json") for name in tested}
    intent = Intent(smoke_tests=tests, rollouts={"digits": rollout})
    steps = with_tests_and_stages(reconcile(wish(endpoint(), target), there), there, intent)
    return [step for step in steps if step.ref.kind is Kind.TRAFFIC]


def test_one_percent_of_a_new_deployment_is_probed_while_it_bakes() -> None:
    canary = Rollout(steps=(1, 100), bake_seconds=60)
    first, _ = traffic_steps(start=traffic(blue=100), target=traffic(green=100), rollout=canary)
    assert first.bake is not None
    assert (first.bake.seconds, [ref.name for ref, _ in first.bake.probes]) == (60, ["green"])


def test_only_what_rises_and_has_a_test_is_probed() -> None:
    canary = Rollout(steps=(100,), bake_seconds=60)
    (step,) = traffic_steps(
        start=traffic(blue=100), target=traffic(blue=50, green=50), rollout=canary, tested=("blue",)
    )
    assert step.bake is not None
    assert step.bake.probes == ()


def test_each_stage_says_what_it_changes_from_the_stage_before() -> None:
    canary = Rollout(steps=(10, 100))
    first, last = traffic_steps(start=traffic(blue=100), target=traffic(green=100), rollout=canary)
    changes = [{change.path: (change.before, change.after) for change in step.changes} for step in (first, last)]
    assert changes[0] == {("traffic", "blue"): (100, 90), ("traffic", "green"): (MISSING, 10)}
    assert changes[1] == {("traffic", "blue"): (90, MISSING), ("traffic", "green"): (10, 100)}
    assert last.before == first.after


def test_each_stage_remembers_where_the_rollout_began_and_the_last_one_that_it_is_over() -> None:
    canary = Rollout(steps=(10, 100))
    first, last = traffic_steps(start=traffic(blue=100), target=traffic(green=100), rollout=canary)
    assert first.bookkeeping == Bookkeeping(previous_split={"blue": 100}, rollout=rollout_mark({"green": 100}, 10))
    assert last.bookkeeping == Bookkeeping(previous_split={"blue": 100}, rollout="")


def test_a_mirror_is_taken_off_a_deployment_before_it_gets_live_traffic() -> None:
    start = traffic(mirror={"green": 20}, blue=100)
    (step,) = traffic_steps(start=start, target=traffic(blue=50, green=50), rollout=Rollout())
    assert step.after is not None
    assert step.after.fields == {"traffic": {"blue": 50, "green": 50}, "mirror_traffic": {}}


@pytest.mark.parametrize(
    ("exact", "whole"),
    [
        ({"a": 33.4, "b": 33.3, "c": 33.3}, {"a": 34, "b": 33, "c": 33}),
        ({"a": 0.5, "b": 99.5}, {"a": 1, "b": 99}),
        ({"z": 50.5, "b": 49.5}, {"z": 50, "b": 50}),
        ({"a": 0.2, "b": 99.8}, {"b": 100}),
    ],
)
def test_the_largest_remainder_gets_the_percent_that_is_left_and_names_break_ties(
    exact: Mapping[str, float], whole: Split
) -> None:
    assert apportion(exact) == whole


@pytest.mark.parametrize(
    ("observations", "checks", "verdict"),
    [
        (seen("", "", milliseconds=500), Checks(min_requests=2, max_p95_ms=500), Verdict.PASSED),
        (seen("bad", ""), Checks(min_requests=2, max_error_rate=0.5), Verdict.PASSED),
        (seen("bad", "", ""), Checks(min_requests=3, max_error_rate=0.0), Verdict.FAILED),
        ([], Checks(min_requests=0, max_error_rate=0.0), Verdict.PASSED),
        ([], Checks(min_requests=1, max_p95_ms=0.5), Verdict.INCONCLUSIVE),
        (seen(*[""] * 95) + seen(*[""] * 5, milliseconds=900), Checks(max_p95_ms=500), Verdict.PASSED),
        (seen(*[""] * 94) + seen(*[""] * 6, milliseconds=900), Checks(max_p95_ms=500), Verdict.FAILED),
        (seen("bad", ""), Checks(min_requests=2, smoke=False, max_error_rate=0.4), Verdict.FAILED),
        (seen("bad", ""), Checks(min_requests=2, max_error_rate=0.5, max_p95_ms=1), Verdict.FAILED),
    ],
)
def test_verdicts_at_the_very_limit(observations: list[Observation], checks: Checks, verdict: Verdict) -> None:
    assert judge(observations, checks)[0] is verdict


def test_a_verdict_gives_the_latest_problem_as_its_reason() -> None:
    assert judge(seen("first", "", "second", "last", ""), Checks(min_requests=1)) == (Verdict.FAILED, "last")
    _, rate = judge(seen("first", "", "last", ""), Checks(max_error_rate=0.25))
    assert rate == "50.0% of 4 probes failed; at most 25.0% may fail; the last one: last"


def test_a_rescue_needs_a_healthy_deployment_that_has_a_share_already() -> None:
    split = {"blue": 60, "green": 40}
    assert rescue_split(split, "blue", frozenset({"red"})) == {}
    assert rescue_split(split, "blue", frozenset({"blue"})) == {}
    assert rescue_split(split, "red", frozenset({"blue", "green"})) == split


@pytest.mark.parametrize(
    ("before", "after", "tested"),
    [
        (None, deployment(), True),
        (deployment(), deployment(environment_variables={"A": "1"}), True),
        (deployment(), deployment(instance_count=2), False),
        (deployment(), deployment(tags={"team": "vision"}), False),
        (deployment(), deployment(instance_count=2, environment_variables={"A": "1"}), True),
        (build.seen(deployment(), "Failed"), deployment(), True),
        (deployment(), deployment(), False),
    ],
)
def test_what_may_answer_otherwise_is_tested(before: Resource | None, after: Resource, tested: bool) -> None:
    there = live(endpoint(), traffic(), *([before] if before else []))
    intent = Intent(smoke_tests={after.ref: SmokeTest(request="r.json")})
    steps = with_tests_and_stages(reconcile(wish(endpoint(), after), there), there, intent)
    assert [step.ref for step in steps if step.action is Action.TEST] == [after.ref] * tested


def test_a_test_knows_what_is_live_and_what_may_change_there() -> None:
    there = live(endpoint(), deployment(), traffic())
    wanted = wish(endpoint(), deployment(environment_variables={"A": "1"}))
    blue = deployment().ref
    intent = Intent(smoke_tests={blue: SmokeTest(request="r.json")}, ignored={blue: (("instance_count",),)})
    steps = with_tests_and_stages(reconcile(wanted, there, ignored=intent.ignored), there, intent)
    (test,) = [step for step in steps if step.action is Action.TEST]
    assert (test.before, test.ignore) == (there.get(blue), (("instance_count",),))


def test_what_gets_more_traffic_is_tested_although_it_stays_as_it_is() -> None:
    there = live(endpoint(), deployment("blue"), deployment("green"), deployment("red"), traffic(blue=60, green=40))
    refs = {name: deployment_ref("digits", name) for name in ("blue", "green", "red")}
    intent = Intent(smoke_tests={ref: SmokeTest(request="r.json") for ref in refs.values()})
    wanted = wish(endpoint(), traffic(blue=60, green=39, red=1))
    steps = with_tests_and_stages(reconcile(wanted, there), there, intent)
    assert [(step.action, step.ref) for step in steps] == [
        (Action.TEST, refs["red"]),
        (Action.UPDATE, traffic().ref),
    ]


def test_traffic_without_a_rollout_moves_at_once_and_is_not_probed() -> None:
    there = live(endpoint(), deployment("blue"), deployment("green"), traffic(blue=100))
    steps = with_tests_and_stages(reconcile(wish(endpoint(), traffic(green=100)), there), there, Intent())
    (step,) = [step for step in steps if step.ref.kind is Kind.TRAFFIC]
    assert (step.bake, step.bookkeeping) == (None, Bookkeeping(previous_split={"blue": 100}))


def test_a_mirror_alone_moves_in_one_stage_that_is_the_last() -> None:
    (step,) = traffic_steps(
        start=traffic(mirror={}, blue=100),
        target=traffic(mirror={"green": 10}, blue=100),
        rollout=Rollout(steps=(10, 100)),
    )
    assert step.after is not None
    assert step.after.fields == {"traffic": {"blue": 100}, "mirror_traffic": {"green": 10}}
    assert step.bookkeeping == Bookkeeping(previous_split={"blue": 100})


CANARY = Rollout(steps=(10, 50, 100))
HALFWAY = {"blue": 50, "green": 50}


@pytest.mark.parametrize(
    ("now", "noted", "splits_ahead"),
    [
        (HALFWAY, rollout_mark({"green": 100}, 50), [{"green": 100}]),
        ({"blue": 90, "green": 10}, rollout_mark({"green": 100}, 10), [HALFWAY, {"green": 100}]),
        (
            HALFWAY,
            rollout_mark({"green": 100}, 10),
            [{"blue": 45, "green": 55}, {"blue": 25, "green": 75}, {"green": 100}],
        ),
        (
            HALFWAY,
            rollout_mark({"red": 100}, 50),
            [{"blue": 45, "green": 55}, {"blue": 25, "green": 75}, {"green": 100}],
        ),
        (HALFWAY, "", [{"blue": 45, "green": 55}, {"blue": 25, "green": 75}, {"green": 100}]),
        ({"blue": 100}, rollout_mark({"green": 100}, "failed"), [{"blue": 90, "green": 10}, HALFWAY, {"green": 100}]),
    ],
)
def test_a_rollout_goes_on_only_from_the_split_that_it_had_reached(
    now: Split, noted: str, splits_ahead: list[Split]
) -> None:
    history = Bookkeeping(previous_split={"blue": 100}, rollout=noted)
    start = build.seen(traffic(**now), bookkeeping=history)
    steps = traffic_steps(start=start, target=traffic(green=100), rollout=CANARY)
    assert [share_map(step.after, "traffic") for step in steps] == splits_ahead


def planned(*steps: Step) -> Plan:
    return Plan(env="prod", project="shop", steps=steps)


def test_a_rollout_that_failed_is_told_before_it_is_tried_again() -> None:
    failed = Bookkeeping(previous_split={"blue": 100}, rollout=rollout_mark({"green": 100}, "failed"))
    start = build.seen(traffic(blue=100), bookkeeping=failed)
    towards_green = traffic_steps(start=start, target=traffic(green=100), rollout=CANARY)
    assert len(towards_green) == 3
    assert failed_rollouts(planned(*towards_green)) == ("digits",)
    elsewhere = traffic_steps(start=start, target=traffic(blue=50, green=50), rollout=CANARY)
    assert failed_rollouts(planned(*elsewhere)) == ()
    fresh = traffic_steps(start=traffic(blue=100), target=traffic(green=100), rollout=CANARY)
    assert failed_rollouts(planned(*fresh)) == ()
    assert failed_rollouts(planned(Step(action=Action.UPDATE, ref=start.ref, after=traffic(green=100)))) == ()


def test_what_is_deleted_is_not_tested() -> None:
    there, blue = live(endpoint(), deployment(), traffic()), deployment().ref
    intent = Intent(smoke_tests={blue: SmokeTest(request="r.json")})
    steps = with_tests_and_stages(reconcile(wish(endpoint()), there, deletes=frozenset({blue})), there, intent)
    assert [step.action for step in steps] == [Action.DELETE]


def test_a_rollout_whose_mark_is_at_its_end_has_one_stage_left() -> None:
    assert stages({"blue": 100}, {"green": 100}, Rollout(steps=(10, 100)), done=100) == ()
    assert stages({"blue": 100}, {"green": 100}, Rollout(steps=(10,)), done=10) == (
        Stage(percent=100, split={"green": 100}),
    )


def test_the_first_percent_is_a_stage_of_its_own() -> None:
    found = stages({"blue": 100}, {"green": 100}, Rollout(steps=(1, 2)))
    assert [(stage.percent, stage.split.get("green")) for stage in found] == [(1, 1), (2, 2), (100, 100)]


def test_stages_that_change_no_whole_percent_are_left_out() -> None:
    assert [
        stage.percent for stage in stages({"blue": 100}, {"blue": 98, "green": 2}, Rollout(steps=(10, 20, 50, 100)))
    ] == [50, 100]
