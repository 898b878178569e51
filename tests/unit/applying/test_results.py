"""The results of an apply: what ran, in which order and side by side, how long it took, and what was not tried."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from deployer.applying.apply import apply
from deployer.core.errors import Refused, Unreachable, WorkspaceError
from deployer.core.intent import Intent, SmokeTest
from deployer.core.outcome import Outcome, Result
from deployer.core.plan import Action, Plan, Step
from deployer.core.resources import Kind, Resource, State, traffic_ref
from tests.build import deployment, endpoint, live, model, seen, traffic, wish
from tests.unit.digits import BLUE, GREEN, NO_ROLLOUT, SERVING, TO_GREEN, steps_for
from tests.unit.memory import MemoryWorkspace, Noting, answer, tools


def carried(workspace: MemoryWorkspace, steps: tuple[Step, ...], watcher: Noting | None = None) -> Outcome:
    given = replace(tools(workspace), watcher=watcher) if watcher else tools(workspace)
    return apply(Plan(env="dev", project="shop", steps=steps), given)


def told(outcome: Outcome) -> list[str]:
    return [f"{item.result.value} {item.step.ref}" for item in outcome.results]


USES_MODEL = deployment(model="azureml:digits:1")
NEW = steps_for(wish(model(), endpoint(), USES_MODEL, endpoint("prices"), traffic(blue=100)), State(), Intent())


def test_an_asset_that_fails_stops_what_needs_it_and_nothing_else() -> None:
    def refuse(step: Step) -> None:
        if step.ref.kind is Kind.MODEL:
            raise WorkspaceError("no space")

    workspace = MemoryWorkspace(before_execute=refuse)
    outcome = carried(workspace, NEW)
    assert told(outcome) == [
        "failed model digits:1",
        "applied endpoint digits",
        "skipped deployment digits/blue",
        "skipped traffic digits",
        "applied endpoint prices",
    ]
    assert [item.note for item in outcome.results if item.step.ref == BLUE] == ["needs model digits:1"]
    assert outcome.exit_code == 1


def test_the_results_are_assets_first_and_then_endpoints_by_name() -> None:
    outcome = carried(MemoryWorkspace(), tuple(reversed(NEW)))
    assert told(outcome) == [
        "applied model digits:1",
        "applied endpoint digits",
        "applied deployment digits/blue",
        "applied traffic digits",
        "applied endpoint prices",
    ]


@pytest.mark.parametrize(("fails", "result"), [(False, Result.APPLIED), (True, Result.FAILED)])
def test_each_step_is_reported_when_it_begins_and_ends_with_the_time_it_took(fails: bool, result: Result) -> None:
    workspace, watcher = MemoryWorkspace(now=3.0), Noting()

    def slow(step: Step) -> None:
        workspace.now += 5.0
        if fails:
            raise WorkspaceError("no space")

    workspace.before_execute = slow
    outcome = carried(workspace, steps_for(wish(endpoint()), State(), Intent()), watcher)
    (only,) = outcome.results
    assert (only.result, only.seconds) == (result, 5.0)
    assert watcher.told == ["+ endpoint digits", f"{result.value} endpoint digits"]
    assert (str(only.error) == "no space") is fails


def test_what_is_not_begun_before_a_stop_is_reported_to_nobody() -> None:
    workspace, watcher = MemoryWorkspace(stop_at=0.0), Noting()
    outcome = carried(workspace, NEW, watcher)
    assert {item.result for item in outcome.results} == {Result.SKIPPED}
    assert (outcome.exit_code, outcome.interrupted, watcher.told, workspace.executed) == (130, True, [], [])


def test_a_stop_between_phases_skips_the_later_ones() -> None:
    workspace = MemoryWorkspace()

    def stop(step: Step) -> None:
        if step.ref.kind is Kind.ENDPOINT:
            workspace.stop_at = 0.0

    workspace.before_execute = stop
    outcome = carried(workspace, steps_for(wish(endpoint(), deployment(), traffic(blue=100)), State(), Intent()))
    assert told(outcome) == ["applied endpoint digits", "skipped deployment digits/blue", "skipped traffic digits"]


@pytest.mark.parametrize("number", [2, 8])
@pytest.mark.parametrize("kind", [Kind.MODEL, Kind.ENDPOINT, Kind.DEPLOYMENT])
def test_as_many_as_eight_run_side_by_side(number: int, kind: Kind) -> None:
    """Each waits for all others: one after the other, none would go on."""
    together = threading.Barrier(number)

    def meet(step: Step) -> None:
        together.wait(timeout=30)

    names = [f"d{index}" for index in range(number)]
    there = live(endpoint())
    items: dict[Kind, list[Resource]] = {
        Kind.MODEL: [model("1", name) for name in names],
        Kind.ENDPOINT: [endpoint(name) for name in names],
        Kind.DEPLOYMENT: [deployment(name) for name in names],
    }
    given = [Step(action=Action.CREATE, ref=item.ref, after=item) for item in items[kind]]
    assert carried(MemoryWorkspace(state=there, before_execute=meet), tuple(given)).ok


def test_deletions_of_one_phase_run_side_by_side() -> None:
    together = threading.Barrier(2)

    def meet(step: Step) -> None:
        together.wait(timeout=30)

    there = live(endpoint(), deployment(), deployment("green"), traffic())
    given = [Step(action=Action.DELETE, ref=ref, before=there.get(ref)) for ref in (BLUE, GREEN)]
    workspace = MemoryWorkspace(state=there, before_execute=meet)
    assert carried(workspace, tuple(given)).ok
    assert not workspace.state.of_kind(Kind.DEPLOYMENT)


def test_the_notes_say_how_quickly_a_test_was_answered_and_what_was_so_already() -> None:
    workspace = MemoryWorkspace(state=SERVING, respond=lambda name, now: answer(milliseconds=12.4))
    steps = steps_for(TO_GREEN, SERVING, NO_ROLLOUT)
    assert [item.note for item in carried(workspace, steps).results] == ["", "answered in 12 ms", ""]
    writes = tuple(step for step in steps if step.action.writes)
    assert [item.note for item in carried(workspace, writes).results] == ["already so", "already so"]


def only_test() -> tuple[Step, ...]:
    return (Step(action=Action.TEST, ref=BLUE, test=SmokeTest(request="request.json", json=7), serving=True),)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (live(endpoint(), traffic()), "deployment digits/blue does not exist"),
        (live(endpoint(), seen(deployment(), "Failed")), "deployment digits/blue failed when it was last created"),
    ],
)
def test_a_deployment_that_cannot_serve_is_not_asked(state: State, words: str) -> None:
    workspace = MemoryWorkspace(state=state)
    (only,) = carried(workspace, only_test()).results
    assert only.error is not None
    assert only.error.message.startswith(words)
    assert workspace.asked == []


def test_a_test_step_without_a_test_is_a_bug_and_no_success() -> None:
    (only,) = carried(MemoryWorkspace(state=SERVING), (Step(action=Action.TEST, ref=BLUE),)).results
    assert only.result is Result.FAILED
    assert "has nothing to test" in str(only.error)


def test_only_a_wrong_answer_moves_traffic() -> None:
    """A deployment that is gone or has failed gave no answer; so did one that could not be reached."""
    both = live(endpoint(), deployment(), deployment("green"), traffic(blue=50, green=50))
    broken = live(endpoint(), seen(deployment(), "Failed"), deployment("green"), traffic(blue=50, green=50))

    def silent(name: str, now: float) -> object:
        raise Unreachable("Nothing answered.")

    for workspace in (MemoryWorkspace(state=broken), MemoryWorkspace(state=both, respond=silent)):  # type: ignore[arg-type]
        assert told(carried(workspace, only_test())) == ["failed deployment digits/blue"]
        assert workspace.state.split("digits") == {"blue": 50, "green": 50}
    wrong = MemoryWorkspace(state=both, respond=lambda name, now: answer(b"9"))
    outcome = carried(wrong, only_test())
    assert told(outcome) == ["failed deployment digits/blue", "undone traffic digits"]
    assert wrong.state.split("digits") == {"green": 100}
    assert outcome.results[0].error is not None
    assert "the smoke test of deployment digits/blue failed: it answered 9 instead of 7" in str(
        outcome.results[0].error
    )


def test_a_traffic_step_that_was_stale_is_not_undone_and_the_next_ones_are_skipped() -> None:
    state = live(endpoint(), deployment(), deployment("green"), traffic(blue=100))
    ref = traffic_ref("digits")
    half, whole = traffic(mirror={}, blue=50, green=50), traffic(mirror={}, green=100)
    steps = (
        Step(action=Action.UPDATE, ref=ref, before=seen(traffic(blue=90, green=10)), after=half),
        Step(action=Action.UPDATE, ref=ref, before=half, after=whole),
        Step(action=Action.UPDATE, ref=ref, before=whole, after=half),
    )
    workspace = MemoryWorkspace(state=state)
    outcome = carried(workspace, steps)
    assert told(outcome) == ["failed traffic digits", "skipped traffic digits", "skipped traffic digits"]
    assert (outcome.exit_code, workspace.executed) == (Refused.exit_code, [])


def test_a_lone_step_runs_in_the_thread_that_asked() -> None:
    threads: list[threading.Thread] = []
    workspace = MemoryWorkspace(before_execute=lambda step: threads.append(threading.current_thread()))
    assert carried(workspace, steps_for(wish(endpoint()), State(), Intent())).ok
    assert threads == [threading.current_thread()]
