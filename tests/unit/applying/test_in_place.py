"""Updates in place of what serves: tested right after, undone where they fail, and never forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from deployer.core.bookkeeping import Bookkeeping
from deployer.core.errors import Unreachable, WorkspaceError
from deployer.core.outcome import Outcome, Result
from deployer.core.plan import Action, Step
from deployer.core.plan_options import Allow
from deployer.core.resources import Ref, Resource, State
from deployer.core.workspace import Answer
from deployer.planning.commits import with_commit_noted
from deployer.planning.earlier import with_earlier_noted
from deployer.planning.reconcile import reconcile
from deployer.planning.review import Case
from deployer.planning.rollout import with_tests_and_stages
from deployer.planning.safety import findings
from deployer.planning.verdicts import Standing, standing, verdict_hash
from tests import build
from tests.build import deployment, endpoint, seen, traffic
from tests.unit.digits import BLUE, GREEN, INTENT, NO_ROLLOUT, TRAFFIC, carried, live, wish, with_live
from tests.unit.memory import MemoryWorkspace, answer

OURS = frozenset({"digits"})


def answers_well(*models: str) -> Callable[[MemoryWorkspace], None]:
    """Only deployments with one of these models answer the 7 that the test expects."""

    def settle(workspace: MemoryWorkspace) -> None:
        def respond(name: str, now: float) -> Answer:
            item = workspace.state.get(replace(BLUE, name=name))
            return answer(
                b"7" if item and item.fields["model"] in [f"azureml:digits:{one}" for one in models] else b"1"
            )

        workspace.respond = respond

    return settle


def serving(*items: Resource, passed: tuple[Resource, ...] = (), **shares: int) -> State:
    marks = {item.ref.name: verdict_hash(item, NO_ROLLOUT) for item in passed}
    return live(*items, seen(traffic(**(shares or {"blue": 100})), bookkeeping=Bookkeeping(tested=marks)))


def planned(desired: State, now: State) -> tuple[Step, ...]:
    writes = with_earlier_noted(reconcile(desired, now), now)
    return with_tests_and_stages(writes, now, NO_ROLLOUT, OURS)


def run(workspace: MemoryWorkspace, desired: State) -> Outcome:
    return carried(workspace, planned(desired, workspace.state))


def refusals(workspace: MemoryWorkspace, desired: State, *allow: Allow) -> list[str]:
    case = Case(
        project=build.PROJECT,
        desired=desired,
        live=workspace.state,
        steps=planned(desired, workspace.state),
        intent=NO_ROLLOUT,
        allow=frozenset(allow),
    )
    return [finding.code for finding in findings(case) if finding.blocking and finding.code != "asset-missing"]


def told(outcome: Outcome) -> list[str]:
    return [
        f"{item.result.value} {item.step.action} {item.step.ref.kind} {item.step.ref.name}".strip()
        for item in outcome.results
    ]


def model_of(workspace: MemoryWorkspace, ref: Ref = BLUE) -> object:
    return workspace.state.resources[ref].fields["model"]


ONE, TWO = deployment(model="azureml:digits:1"), deployment(model="azureml:digits:2")
NEXT = build.wish(endpoint(), TWO, traffic(blue=100))


def test_a_bad_update_of_the_only_deployment_is_put_back_and_asked_again() -> None:
    workspace = MemoryWorkspace(state=serving(ONE, passed=(ONE,)))
    answers_well("1")(workspace)
    outcome = run(workspace, NEXT)
    assert told(outcome) == [
        "applied ~ deployment blue",
        "failed ? deployment blue",
        "undone ~ deployment blue",
        "applied ? deployment blue",
    ]
    assert outcome.exit_code == 1
    assert model_of(workspace) == "azureml:digits:1"
    assert workspace.state.split("digits") == {"blue": 100}


def test_what_failed_is_refused_until_it_or_its_test_changes_or_somebody_says_again() -> None:
    workspace = MemoryWorkspace(state=serving(ONE, passed=(ONE,)))
    answers_well("1")(workspace)
    run(workspace, NEXT)
    assert standing(workspace.state.resources[BLUE], workspace.state, NO_ROLLOUT) is Standing.PASSED
    assert refusals(workspace, NEXT) == ["test-failed"]
    assert refusals(workspace, NEXT, Allow.AGAIN) == []
    assert refusals(workspace, build.wish(endpoint(), ONE, traffic(blue=100))) == []
    assert refusals(workspace, build.wish(endpoint(), deployment(model="azureml:digits:3"), traffic(blue=100))) == []
    answers_well("1", "2")(workspace)
    assert run(workspace, NEXT).ok
    assert refusals(workspace, NEXT) == []
    assert planned(NEXT, workspace.state) == ()


def test_a_good_update_is_marked_with_one_write_of_the_endpoint() -> None:
    workspace = MemoryWorkspace(state=serving(ONE, passed=(ONE,)))
    answers_well("1", "2")(workspace)
    assert run(workspace, NEXT).ok
    assert [step.ref for step in workspace.executed] == [BLUE, TRAFFIC]
    assert workspace.state.split("digits") == {"blue": 100}
    assert planned(NEXT, workspace.state) == ()


def test_where_a_healthy_deployment_has_a_share_it_takes_the_traffic() -> None:
    green = deployment("green", model="azureml:digits:1")
    workspace = MemoryWorkspace(state=serving(ONE, green, passed=(ONE, green), blue=60, green=40))
    answers_well("1")(workspace)
    outcome = run(workspace, build.wish(endpoint(), TWO, green, traffic(blue=60, green=40)))
    assert told(outcome)[-1] == "undone ~ traffic"
    assert workspace.state.split("digits") == {"green": 100}
    assert model_of(workspace) == "azureml:digits:2"


def test_an_apply_killed_before_its_test_is_finished_by_the_next_one() -> None:
    for good in (("1", "2"), ("1",)):
        workspace = MemoryWorkspace(state=serving(ONE, passed=(ONE,)))
        answers_well(*good)(workspace)
        (write, _) = planned(NEXT, workspace.state)
        workspace.execute(write)
        assert [step.action for step in planned(NEXT, workspace.state)] == [Action.TEST]
        outcome = run(workspace, NEXT)
        assert outcome.exit_code == (0 if "2" in good else 1)
        assert model_of(workspace) == ("azureml:digits:2" if "2" in good else "azureml:digits:1")


def test_where_the_earlier_content_is_not_known_it_says_so_and_stays_red() -> None:
    workspace = MemoryWorkspace(state=serving(TWO))
    answers_well("1")(workspace)
    outcome = run(workspace, NEXT)
    assert outcome.exit_code == 1
    last = outcome.results[-1].error
    assert last is not None
    assert "still serves content that failed its smoke test" in last.message
    assert refusals(workspace, NEXT) == ["test-failed"]


def test_no_answer_is_no_verdict() -> None:
    def silent(name: str, now: float) -> Answer:
        raise Unreachable("Nothing answered.")

    workspace = MemoryWorkspace(state=serving(ONE, passed=(ONE,)), respond=silent)
    outcome = run(workspace, NEXT)
    assert told(outcome) == ["applied ~ deployment blue", "failed ? deployment blue"]
    assert refusals(workspace, NEXT) == []
    assert [step.action for step in planned(NEXT, workspace.state)] == [Action.TEST]


def test_a_put_back_that_fails_says_how_to_do_it_by_hand() -> None:
    workspace = MemoryWorkspace(state=serving(ONE, passed=(ONE,)))
    answers_well("1")(workspace)

    def refuse(step: Step) -> None:
        if step.after and step.after.fields.get("model") == "azureml:digits:1":
            raise WorkspaceError("no")

    workspace.before_execute = refuse
    outcome = run(workspace, NEXT)
    found = outcome.results[-1].error
    assert found is not None
    assert found.message == "the earlier content of deployment digits/blue could not be put back: no"
    assert "still serves" in found.hint
    assert workspace.now < 60, "what is refused is not tried again for ten minutes"


def test_a_test_that_another_content_took_the_place_of_is_not_run() -> None:
    workspace = MemoryWorkspace(state=serving(TWO))
    steps = planned(NEXT, workspace.state)
    with_live(workspace, deployment(model="azureml:digits:8"))
    outcome = carried(workspace, steps)
    assert outcome.exit_code == 3
    assert workspace.asked == []


def test_what_serves_is_changed_after_the_tests_of_what_does_not_and_only_if_they_pass() -> None:
    """Blue and green share a folder of code: a bad edit for green must not reach blue."""
    green = deployment("green", model="azureml:digits:1")
    desired = build.wish(endpoint(), TWO, deployment("green", model="azureml:digits:2"), traffic(blue=100))
    workspace = MemoryWorkspace(state=serving(ONE, green, passed=(ONE, green)))
    answers_well("1")(workspace)
    outcome = run(workspace, desired)
    assert told(outcome) == [
        "applied ~ deployment green",
        "failed ? deployment green",
        "not done ~ deployment blue".replace("not done", "skipped"),
        "skipped ? deployment blue",
    ]
    assert model_of(workspace) == "azureml:digits:1"


def test_what_serves_is_written_one_after_the_other_each_tested_before_the_next() -> None:
    green = deployment("green", model="azureml:digits:1")
    desired = build.wish(endpoint(), TWO, deployment("green", model="azureml:digits:2"), traffic(blue=60, green=40))
    workspace = MemoryWorkspace(state=serving(ONE, green, passed=(ONE, green), blue=60, green=40))
    answers_well("1", "2")(workspace)
    assert told(run(workspace, desired)) == [
        "applied ~ deployment blue",
        "applied ? deployment blue",
        "applied ~ deployment green",
        "applied ? deployment green",
    ]


def test_a_failed_test_of_an_idle_deployment_stops_nothing_and_is_remembered() -> None:
    green = deployment("green", model="azureml:digits:9")
    desired = build.wish(endpoint(), TWO, green, traffic(blue=100))
    workspace = MemoryWorkspace(state=serving(ONE, green, passed=(ONE,)))
    answers_well("1", "2")(workspace)
    outcome = run(workspace, desired)
    assert (outcome.exit_code, model_of(workspace)) == (1, "azureml:digits:2")
    assert refusals(workspace, desired) == ["test-failed"]


def test_checks_of_a_rollout_that_fail_are_a_verdict_and_silence_is_none() -> None:
    for fails, code in ((answer(b"1"), ["test-failed"]), (None, [])):
        workspace = MemoryWorkspace(state=live(deployment(), traffic(blue=100)))

        def respond(name: str, now: float, fails: Answer | None = fails) -> Answer:
            if now < 100:
                return answer()
            if fails is None:
                raise Unreachable("Nothing answered.")
            return fails

        workspace.respond = respond
        desired = wish(BLUE, GREEN, green=100)
        steps = with_tests_and_stages(reconcile(desired, workspace.state), workspace.state, INTENT, OURS)
        assert carried(workspace, steps).exit_code == 1
        assert workspace.state.split("digits") == {"blue": 100}
        case = Case(project=build.PROJECT, desired=desired, live=workspace.state, steps=(), intent=INTENT)
        assert [finding.code for finding in findings(case) if finding.blocking] == code


def test_a_verdict_that_cannot_be_recorded_is_a_failure_of_its_own() -> None:
    workspace = MemoryWorkspace(state=serving(ONE, passed=(ONE,)))
    answers_well("1", "2")(workspace)

    def refuse(step: Step) -> None:
        if step.ref == TRAFFIC:
            raise WorkspaceError("no space")

    workspace.before_execute = refuse
    outcome = run(workspace, NEXT)
    assert outcome.exit_code == 1
    assert outcome.results[-1].result is Result.FAILED
    assert str(outcome.results[-1].error) == "the results of the smoke tests of blue could not be recorded: no space"


def test_a_first_apply_marks_with_the_traffic_it_allows() -> None:
    workspace = MemoryWorkspace(respond=lambda name, now: answer())
    desired = wish(BLUE, blue=100)
    assert carried(workspace, planned(desired, State())).ok
    assert [step.ref.kind.value for step in workspace.executed] == ["endpoint", "deployment", "traffic"]
    assert planned(desired, workspace.state) == ()


def test_what_is_put_back_notes_the_commit_it_came_from_where_that_is_known() -> None:
    first = seen(ONE, bookkeeping=Bookkeeping(commit="1" * 40))
    workspace = MemoryWorkspace(state=serving(first, passed=(ONE,)))
    answers_well("1")(workspace)
    steps = with_commit_noted(planned(NEXT, workspace.state), "2" * 40)
    assert carried(workspace, steps).exit_code == 1
    commits = [step.bookkeeping.commit for step in workspace.executed if step.bookkeeping and step.ref == BLUE]
    assert commits == ["2" * 40, "1" * 40]


def test_content_from_before_this_run_is_put_back_without_a_commit() -> None:
    workspace = MemoryWorkspace(state=serving(seen(ONE, bookkeeping=Bookkeeping(commit="1" * 40)), passed=(ONE,)))
    answers_well("1")(workspace)
    (write, _) = with_commit_noted(planned(NEXT, workspace.state), "2" * 40)
    workspace.execute(write)
    run(workspace, NEXT)
    assert model_of(workspace) == "azureml:digits:1"
    assert [step.bookkeeping.commit for step in workspace.executed if step.bookkeeping and step.ref == BLUE][1:] == [""]
