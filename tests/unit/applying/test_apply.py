"""apply over a workspace in memory, with time injected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.applying.apply import apply
from deployer.core.errors import Refused, WorkspaceError
from deployer.core.intent import Checks, Intent, Rollout, SmokeTest
from deployer.core.outcome import Outcome, Result
from deployer.core.plan import Action, Plan, Step
from deployer.core.resources import Kind, State, deployment_ref, traffic_ref
from deployer.core.workspace import Answer
from deployer.planning.reconcile import reconcile
from deployer.planning.rollout import with_tests_and_stages
from tests.build import deployment, endpoint, live, model, seen, traffic, wish
from tests.unit.memory import MemoryWorkspace, answer, tools

SMOKE = SmokeTest(request="request.json", json=7)


BLUE_SERVES = live(endpoint(), deployment("blue"), traffic(blue=100))
TO_GREEN = wish(endpoint(), deployment("blue"), deployment("green"), traffic(green=100))
CANARY = Rollout(steps=(10, 50, 100), bake_seconds=3600, checks=Checks(min_requests=60))


def intent(rollout: Rollout | None = CANARY) -> Intent:
    tests = {deployment_ref("digits", name): SMOKE for name in ("blue", "green")}
    return Intent(smoke_tests=tests, rollouts={"digits": rollout} if rollout else {})


def run(workspace: MemoryWorkspace, desired: State, asked: Intent) -> Outcome:
    steps = with_tests_and_stages(reconcile(desired, workspace.state), workspace.state, asked)
    return apply(Plan(env="test", project="shop", steps=steps), tools(workspace))


def splits(workspace: MemoryWorkspace) -> list[object]:
    moves = [step.after for step in workspace.executed if step.ref.kind is Kind.TRAFFIC and step.after]
    return [after.fields["traffic"] for after in moves if after.fields]


def test_a_first_apply_goes_from_assets_to_traffic() -> None:
    workspace = MemoryWorkspace()
    desired = wish(model(), endpoint(), deployment("blue"), traffic(blue=100))
    outcome = run(workspace, desired, intent(None))
    assert outcome.ok
    assert outcome.exit_code == 0
    assert [step.ref.kind for step in workspace.executed] == [
        Kind.MODEL,
        Kind.ENDPOINT,
        Kind.DEPLOYMENT,
        Kind.TRAFFIC,
    ]
    assert workspace.asked == [(0.0, "blue")]


def test_three_hours_of_bake_pass_in_no_time_and_probe_the_new_deployment_alone() -> None:
    workspace = MemoryWorkspace(state=BLUE_SERVES)
    assert run(workspace, TO_GREEN, intent()).ok
    assert splits(workspace) == [{"blue": 90, "green": 10}, {"blue": 50, "green": 50}, {"green": 100}]
    assert workspace.now == pytest.approx(3 * 3600)
    assert {name for _, name in workspace.asked} == {"green"}
    assert len(workspace.asked) == 1 + 3 * 60


def test_a_failing_check_puts_the_previous_split_back_and_keeps_the_deployment() -> None:
    workspace = MemoryWorkspace(
        state=BLUE_SERVES, respond=lambda name, now: answer(b"9" if name == "green" and now > 4000 else b"7")
    )
    outcome = run(workspace, TO_GREEN, intent())
    assert outcome.exit_code == 1
    assert splits(workspace) == [{"blue": 90, "green": 10}, {"blue": 50, "green": 50}, {"blue": 100}]
    assert workspace.state.split("digits") == {"blue": 100}
    assert workspace.state.get(deployment_ref("digits", "green")) is not None
    failed = next(item for item in outcome.results if item.result is Result.FAILED)
    assert failed.error is not None
    assert "answered 9 instead of 7" in failed.error.message
    assert [item.result for item in outcome.results].count(Result.UNDONE) == 1


def test_slow_answers_fail_a_rollout_that_limits_them() -> None:
    slow = Rollout(steps=(100,), bake_seconds=60, checks=Checks(max_p95_ms=100, min_requests=20))
    workspace = MemoryWorkspace(state=BLUE_SERVES, respond=lambda name, now: answer(milliseconds=250))
    outcome = run(workspace, TO_GREEN, intent(slow))
    assert outcome.exit_code == 1
    assert workspace.state.split("digits") == {"blue": 100}


def test_a_failed_smoke_test_stops_before_traffic() -> None:
    workspace = MemoryWorkspace(state=BLUE_SERVES, respond=lambda name, now: answer(b"3"))
    outcome = run(workspace, TO_GREEN, intent())
    assert outcome.exit_code == 1
    assert splits(workspace) == []
    assert [item.result for item in outcome.results if item.step.ref.kind is Kind.TRAFFIC] == [Result.SKIPPED] * 3


def test_an_in_place_update_that_breaks_hands_its_share_to_the_healthy() -> None:
    both = live(endpoint(), deployment("blue"), deployment("green"), traffic(blue=60, green=40))
    desired = wish(endpoint(), deployment("blue", model="azureml:digits:2"), deployment("green"))
    workspace = MemoryWorkspace(state=both, respond=lambda name, now: answer(b"3"))
    outcome = run(workspace, desired, intent(None))
    assert outcome.exit_code == 1
    assert workspace.state.split("digits") == {"green": 100}


def test_a_resource_somebody_else_changed_is_left_alone() -> None:
    workspace = MemoryWorkspace(state=BLUE_SERVES)
    desired = wish(endpoint(), deployment("blue", instance_count=2))
    steps = with_tests_and_stages(reconcile(desired, workspace.state), workspace.state, Intent())
    workspace.state = live(endpoint(), deployment("blue", instance_count=5), traffic(blue=100))
    outcome = apply(Plan(env="test", project="shop", steps=steps), tools(workspace))
    assert outcome.exit_code == Refused.exit_code
    assert workspace.executed == []
    assert "instance_count" in str(outcome.results[0].error)


def test_what_another_apply_has_already_done_is_not_done_again() -> None:
    desired = wish(endpoint(), deployment("blue", instance_count=2))
    steps = reconcile(desired, BLUE_SERVES)
    workspace = MemoryWorkspace(state=live(endpoint(), deployment("blue", instance_count=2), traffic(blue=100)))
    outcome = apply(Plan(env="test", project="shop", steps=steps), tools(workspace))
    assert outcome.ok
    assert workspace.executed == []


def test_a_traffic_change_of_somebody_else_during_a_rollout_is_not_undone() -> None:
    workspace = MemoryWorkspace(state=BLUE_SERVES)

    def respond(name: str, now: float) -> Answer:
        if now > 3000:
            shifted = seen(traffic(blue=70, green=30))
            workspace.state = replace(
                workspace.state, resources={**workspace.state.resources, traffic_ref("digits"): shifted}
            )
        return answer()

    workspace.respond = respond
    outcome = run(workspace, TO_GREEN, intent())
    assert outcome.exit_code == Refused.exit_code
    assert workspace.state.split("digits") == {"blue": 70, "green": 30}


def test_an_interrupted_rollout_goes_on_with_the_next_step() -> None:
    workspace = MemoryWorkspace(state=BLUE_SERVES, stop_at=5000.0)
    outcome = run(workspace, TO_GREEN, intent())
    assert outcome.exit_code == 130
    assert workspace.state.split("digits") == {"blue": 50, "green": 50}
    workspace.executed.clear()
    workspace.stop_at = float("inf")
    assert run(workspace, TO_GREEN, intent()).ok
    assert splits(workspace) == [{"green": 100}]


def test_a_field_that_does_not_take_is_named() -> None:
    class Deaf(MemoryWorkspace):
        def execute(self, step: Step) -> None:
            self.executed.append(step)

    workspace = Deaf(state=BLUE_SERVES)
    outcome = run(workspace, wish(endpoint(), deployment("blue", instance_count=2)), Intent())
    assert outcome.exit_code == 1
    said = "the workspace accepted the change to deployment digits/blue, but instance_count is 1 (requested: 2)"
    assert str(outcome.results[0].error) == said


def test_an_ignored_field_keeps_the_value_of_the_moment_of_writing() -> None:
    ref = deployment_ref("digits", "blue")
    desired = wish(endpoint(), deployment("blue", model="azureml:d:2"))
    scaled = live(endpoint(), deployment("blue", instance_count=4), traffic(blue=100))
    steps = reconcile(desired, BLUE_SERVES, ignored={ref: (("instance_count",),)})
    workspace = MemoryWorkspace(state=scaled)
    assert apply(Plan(env="test", project="shop", steps=steps), tools(workspace)).ok
    there = workspace.state.get(ref)
    assert there is not None
    assert there.fields["instance_count"] == 4


def test_an_endpoint_that_fails_does_not_stop_the_others() -> None:

    def break_digits(step: Step) -> None:
        if step.ref.endpoint == "digits":
            raise WorkspaceError("quota is used up")

    workspace = MemoryWorkspace(before_execute=break_digits)
    outcome = run(workspace, wish(endpoint(), deployment("blue"), endpoint("prices")), Intent())
    assert outcome.exit_code == 1
    applied = [item for item in outcome.results if item.result is Result.APPLIED]
    assert [str(item.step.ref) for item in applied] == ["endpoint prices"]
    assert {item.result for item in outcome.results if item.step.ref.kind is Kind.DEPLOYMENT} == {Result.SKIPPED}


def test_a_failed_first_rollout_leaves_nobody_with_traffic() -> None:
    workspace = MemoryWorkspace(respond=lambda name, now: answer(b"9" if now > 10 else b"7"))
    desired = wish(endpoint(), deployment("blue"), traffic(blue=100))
    outcome = run(workspace, desired, intent())
    assert outcome.exit_code == 1
    assert workspace.state.split("digits") == {}


def test_tests_are_steps_of_their_own() -> None:
    steps = with_tests_and_stages(reconcile(TO_GREEN, BLUE_SERVES), BLUE_SERVES, intent())
    assert [step.action for step in steps] == [Action.CREATE, Action.TEST, *[Action.UPDATE] * 3]


def test_a_bug_in_one_step_is_told_and_undone_like_any_failure() -> None:
    def stumble(step: Step) -> None:
        if step.after and step.after.fields.get("traffic") == {"blue": 50, "green": 50}:
            raise KeyError("fingers")

    workspace = MemoryWorkspace(state=BLUE_SERVES, before_execute=stumble)
    outcome = run(workspace, TO_GREEN, intent())
    assert outcome.exit_code == 1
    assert workspace.state.split("digits") == {"blue": 100}
    failed = next(item for item in outcome.results if item.result is Result.FAILED)
    assert "KeyError" in str(failed.error)


def test_a_bake_that_was_too_slow_is_no_success_and_is_undone() -> None:
    """No probe answers wrongly, so that the verdict at the end is what fails it."""
    slow = Rollout(steps=(100,), bake_seconds=60, checks=Checks(smoke=False, max_p95_ms=1, min_requests=3))
    workspace = MemoryWorkspace(state=BLUE_SERVES, respond=lambda name, now: answer(milliseconds=2))
    outcome = run(workspace, TO_GREEN, intent(slow))
    assert outcome.exit_code == 1
    assert any("failed: the 95th percentile" in str(item.error) for item in outcome.results if item.error)
    assert workspace.state.split("digits") == {"blue": 100}


def test_versions_of_an_asset_are_registered_in_order_so_that_the_newest_is_the_latest() -> None:
    workspace = MemoryWorkspace()
    versions = ("10", "9", "2", "rc", "1")
    assert run(workspace, wish(*(model(version) for version in versions)), intent(None)).ok
    assert [step.ref.name for step in workspace.executed] == [
        f"digits:{version}" for version in ("1", "2", "9", "10", "rc")
    ]
