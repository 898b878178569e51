"""A rollout that watches its customers, over a workspace in memory: hours of windows take no time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest

from deployer.applying.apply import apply
from deployer.applying.watch import first_grain
from deployer.core.errors import Unreachable, WrongAnswer
from deployer.core.intent import Intent, OnInconclusive, Rollout, Watch
from deployer.core.judgement import Verdict
from deployer.core.metrics import Grain, Measured, Span
from deployer.core.outcome import Outcome, Result
from deployer.core.plan import Plan, Step
from deployer.core.resources import Kind
from deployer.planning.rollout import failed_towards
from deployer.planning.verdicts import Standing, standing, verdict_hash
from tests.build import deployment, traffic
from tests.unit.digits import (
    BLUE,
    GREEN,
    INTENT,
    SERVING,
    TO_GREEN,
    TRAFFIC,
    carried,
    failures,
    live,
    steps_for,
    wish,
)
from tests.unit.memory import MemoryWorkspace, tools

WATCH = Watch(window=300, settle=240, grain=60, min_requests=100, error_rate=0.005, slower={95: 1.2}, limit=3600)
PER_MINUTE = 1000


@dataclass(frozen=True)
class Customers:
    """So many requests a minute that are shared out by the live split; what they get of each deployment."""

    errors: Mapping[str, float]
    p95: Mapping[str, float]
    per_minute: int = PER_MINUTE
    settled: float = 240.0


GOOD = Customers(errors={"blue": 0.001, "green": 0.001}, p95={"blue": 100.0, "green": 105.0})


class Watched(MemoryWorkspace):
    """Measures what customers get of the split at the moment, in each grain that lies `settled` seconds back."""

    def __init__(self, customers: Customers = GOOD) -> None:
        super().__init__(state=SERVING)
        self.customers = customers
        self.splits: list[tuple[float, Mapping[str, int]]] = [(0.0, {"blue": 100})]
        self.looked: list[Span] = []
        self.before_execute = self._note

    def _note(self, step: Step) -> None:
        if step.ref.kind is Kind.TRAFFIC and step.after and "traffic" in step.after.fields:
            shares = step.after.fields["traffic"]
            assert isinstance(shares, Mapping)
            self.splits.append((self.now, {name: int(str(share)) for name, share in shares.items()}))

    def measured(self, endpoint: str, span: Span) -> Measured:
        self.looked.append(span)
        starts = [span.start + number * span.grain for number in range(span.grains)]
        return {name: tuple(self._grain(name, start, span.grain) for start in starts) for name in ("blue", "green")}

    def _grain(self, name: str, start: float, length: float) -> Grain:
        share = next(split for at, split in reversed(self.splits) if at <= start).get(name, 0)
        if start + length > self.now - self.customers.settled:
            return Grain(start=start)
        total = self.customers.per_minute * length / 60 * share / 100
        wrong = total * self.customers.errors[name]
        latencies = {95: self.customers.p95[name] + start % 7} if total else {}
        return Grain(start=start, statuses={200: total - wrong, 500: wrong}, total=total, latencies=latencies)


def intent(watch: Watch = WATCH, **changed: object) -> Intent:
    rollout = Rollout(steps=(10, 50, 100), watch=replace(watch, **changed))  # type: ignore[arg-type]
    return replace(INTENT, rollouts={"digits": rollout})


def rolled_out(workspace: MemoryWorkspace, wanted: Intent) -> Outcome:
    return carried(workspace, steps_for(TO_GREEN, workspace.state, wanted))


def verdicts(outcome: Outcome) -> list[list[str]]:
    moves = [item for item in outcome.results if item.step.bake]
    return [[f"{row.gate} {row.verdict}" for row in item.judged] for item in moves]


PASSED = ["error_rate passed", "p95 passed"]


def test_a_good_one_goes_through_all_stages_each_judged_once_on_its_window() -> None:
    workspace = Watched()
    outcome = rolled_out(workspace, intent())
    assert failures(outcome) == []
    assert verdicts(outcome) == [PASSED, PASSED, PASSED]
    assert workspace.state.split("digits") == {"green": 100}
    # each stage: up to one grain to begin with, one left out, a window, and the time to settle
    assert 3 * (60 + 300 + 240) <= workspace.now <= 3 * (120 + 300 + 240 + 60)
    assert steps_for(TO_GREEN, workspace.state, intent()) == ()


def test_the_last_stage_is_compared_with_the_last_judged_window_of_the_earlier_one() -> None:
    workspace = Watched()
    outcome = rolled_out(workspace, intent())
    last = outcome.results[-1].judged
    assert {(row.beside, row.against_requests, row.requests) for row in last} == {("blue", 2500, 5000)}


@pytest.mark.parametrize(
    ("bad", "gate"),
    [
        (replace(GOOD, errors={"blue": 0.001, "green": 0.03}), "error_rate failed"),
        (replace(GOOD, p95={"blue": 100.0, "green": 150.0}), "p95 failed"),
    ],
)
def test_a_bad_one_is_put_back_at_its_first_stage_and_known_to_fail(bad: Customers, gate: str) -> None:
    workspace, wanted = Watched(bad), intent()
    outcome = rolled_out(workspace, wanted)
    assert gate in verdicts(outcome)[0]
    assert workspace.state.split("digits") == {"blue": 100}
    assert [item.result for item in outcome.results if item.step.bake] == [
        Result.FAILED,
        Result.SKIPPED,
        Result.SKIPPED,
    ]
    green = workspace.state.get(GREEN)
    assert green is not None
    assert standing(green, workspace.state, wanted) is Standing.FAILED
    assert failed_towards(workspace.state.resources[TRAFFIC].seen.bookkeeping.rollout, {"green": 100})


def test_errors_that_can_no_longer_pass_end_the_stage_before_its_window_does() -> None:
    workspace = Watched(replace(GOOD, errors={"blue": 0.001, "green": 0.9}, settled=0))
    outcome = rolled_out(workspace, intent())
    assert isinstance(outcome.results[-3].error, WrongAnswer) or any("gates" in text for text in failures(outcome))
    assert workspace.now < 60 + 60 + 300


def test_without_a_smoke_test_a_failed_gate_is_remembered_too() -> None:
    wanted = replace(intent(), smoke_tests={})
    workspace = Watched(replace(GOOD, errors={"blue": 0.001, "green": 0.03}))
    rolled_out(workspace, wanted)
    green = workspace.state.get(GREEN)
    assert green is not None
    assert standing(green, workspace.state, wanted) is Standing.FAILED
    blue = workspace.state.get(BLUE)
    assert blue is not None
    assert standing(blue, workspace.state, wanted) is Standing.UNDECLARED


@pytest.mark.parametrize(
    ("choice", "results", "split"),
    [
        (OnInconclusive.PUT_BACK, [Result.FAILED, Result.SKIPPED, Result.SKIPPED], {"blue": 100}),
        (OnInconclusive.WAIT, [Result.FAILED, Result.SKIPPED, Result.SKIPPED], {"blue": 100}),
        (OnInconclusive.CONTINUE, [Result.APPLIED] * 3, {"green": 100}),
    ],
)
def test_too_few_requests_decide_nothing(
    choice: OnInconclusive, results: list[Result], split: Mapping[str, int]
) -> None:
    workspace, wanted = Watched(replace(GOOD, per_minute=10)), intent(on_inconclusive=choice, limit=3000.0)
    outcome = rolled_out(workspace, wanted)
    assert [item.result for item in outcome.results if item.step.bake] == results
    assert workspace.state.split("digits") == split
    green = workspace.state.get(GREEN)
    assert green is not None
    assert standing(green, workspace.state, wanted) is not Standing.FAILED
    waited = max(span.grains for span in workspace.looked) > 30
    assert waited is (choice is OnInconclusive.WAIT)


def test_waiting_goes_on_until_there_are_enough_requests() -> None:
    workspace = Watched(replace(GOOD, per_minute=200))
    outcome = rolled_out(workspace, intent(min_requests=150))
    assert failures(outcome) == []
    first = next(item for item in outcome.results if item.step.bake)
    assert {row.requests for row in first.judged} == {160}  # 20 a minute: eight minutes instead of five


class Unreadable(Watched):
    def measured(self, endpoint: str, span: Span) -> Measured:
        raise Unreachable("Nothing answered.")


class Gaps(Watched):
    """No value at all: the metrics were deleted."""

    def measured(self, endpoint: str, span: Span) -> Measured:
        return {
            name: tuple(Grain(start=grain.start) for grain in grains)
            for name, grains in super().measured(endpoint, span).items()
        }


@pytest.mark.parametrize("kind", [Unreadable, Gaps])
def test_metrics_that_are_not_there_are_never_a_success(kind: Callable[[], Watched]) -> None:
    workspace = kind()
    outcome = rolled_out(workspace, intent(on_inconclusive=OnInconclusive.PUT_BACK))
    assert workspace.state.split("digits") == {"blue": 100}
    assert any("decided nothing" in text for text in failures(outcome))


class Killed(BaseException):
    """The end of the process."""


def killed_in(stage: int, wanted: Intent) -> Watched:
    """A workspace as an apply leaves it that was killed while it watched a stage."""
    workspace = Watched()
    measured = workspace.measured

    def until_killed(endpoint: str, span: Span) -> Measured:
        if len(workspace.splits) == stage + 1:
            raise Killed
        return measured(endpoint, span)

    workspace.measured = until_killed  # type: ignore[method-assign]
    with pytest.raises(Killed):
        rolled_out(workspace, wanted)
    workspace.measured = measured  # type: ignore[method-assign]
    return workspace


@pytest.mark.parametrize(
    ("stage", "split"), [(1, {"blue": 90, "green": 10}), (2, {"blue": 50, "green": 50}), (3, {"green": 100})]
)
def test_an_apply_that_was_killed_in_a_stage_judges_it_again(stage: int, split: Mapping[str, int]) -> None:
    workspace = killed_in(stage, intent())
    assert workspace.state.split("digits") == split
    steps = steps_for(TO_GREEN, workspace.state, intent())
    assert len([step for step in steps if step.bake]) == 4 - stage
    assert failures(carried(workspace, steps)) == []
    assert workspace.state.split("digits") == {"green": 100}
    assert steps_for(TO_GREEN, workspace.state, intent()) == ()


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_a_bad_one_is_put_back_also_by_the_apply_after_a_kill(stage: int) -> None:
    wanted = intent(max_error_rate=0.01)
    workspace = killed_in(stage, wanted)
    workspace.customers = replace(GOOD, errors={"blue": 0.001, "green": 0.03})
    outcome = rolled_out(workspace, wanted)
    assert any("gates of the rollout did not pass" in text for text in failures(outcome))
    assert workspace.state.split("digits") == {"blue": 100}


def test_gates_that_passed_are_on_record() -> None:
    workspace = Watched()
    rolled_out(workspace, intent())
    noted = workspace.state.resources[TRAFFIC].seen.bookkeeping
    assert noted.tested["green"] == verdict_hash(workspace.state.resources[GREEN], intent())
    assert noted.rollout == ""


@pytest.mark.parametrize(
    ("began", "grain", "first"), [(0.0, 60.0, 60.0), (1.0, 60.0, 120.0), (59.0, 60.0, 120.0), (30.5, 1.0, 32.0)]
)
def test_the_first_grain_of_a_stage_is_left_out(began: float, grain: float, first: float) -> None:
    assert first_grain(began, grain) == first


def test_the_verdict_of_a_rollout_is_that_of_all_its_gates() -> None:
    outcome = rolled_out(Watched(), intent(error_rate=None, slower={}, max_error_rate=0.01, max_ms={95: 200.0}))
    rows = [row for item in outcome.results for row in item.judged]
    assert {(row.gate, row.verdict) for row in rows} == {
        ("max_error_rate", Verdict.PASSED),
        ("max_p95_ms", Verdict.PASSED),
    }


def test_an_apply_whose_time_is_up_leaves_the_next_stage_to_the_next_one() -> None:
    workspace = Watched()
    steps = steps_for(TO_GREEN, workspace.state, intent())
    given = replace(tools(workspace), until=900.0)
    outcome = apply(Plan(env="prod", project="shop", steps=steps), given)
    assert outcome.exit_code == 4
    assert [item.result for item in outcome.results if item.step.bake] == [
        Result.APPLIED,
        Result.APPLIED,  # under way when the time was up: it is finished and judged
        Result.SKIPPED,
    ]
    assert workspace.state.split("digits") == {"blue": 50, "green": 50}
    assert failures(rolled_out(workspace, intent())) == []
    assert workspace.state.split("digits") == {"green": 100}


def test_an_apply_that_ends_in_time_is_simply_applied() -> None:
    workspace = Watched()
    steps = steps_for(TO_GREEN, workspace.state, intent())
    outcome = apply(Plan(env="prod", project="shop", steps=steps), replace(tools(workspace), until=10_000.0))
    assert (outcome.exit_code, outcome.paused) == (0, False)


def test_what_fails_after_the_time_is_up_is_a_failure() -> None:
    workspace = Watched(replace(GOOD, errors={"blue": 0.001, "green": 0.03}))
    steps = steps_for(TO_GREEN, workspace.state, intent())
    outcome = apply(Plan(env="prod", project="shop", steps=steps), replace(tools(workspace), until=1.0))
    assert outcome.exit_code == 1
    assert workspace.state.split("digits") == {"blue": 100}


def test_a_first_split_is_not_watched_since_nobody_was_served_before() -> None:
    workspace = Watched()
    workspace.state = live(deployment(), traffic())
    steps = steps_for(wish(BLUE, blue=100), workspace.state, intent())
    assert [step.bake.watching for step in steps if step.bake] == [None]
    assert failures(carried(workspace, steps)) == []
    assert workspace.looked == []
