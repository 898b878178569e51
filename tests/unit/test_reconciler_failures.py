"""What can go wrong on a Friday evening: each doubt a case, over a workspace in memory with time injected."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest

from deployer.apply import apply
from deployer.errors import Busy, Refused, Unreachable, UsageError, WorkspaceError
from deployer.intent import Checks, Intent, Rollout, SmokeTest
from deployer.outcome import Outcome, Result
from deployer.plan import Action, Plan, Step
from deployer.reconcile import make_plan
from deployer.report.progress import Progress
from deployer.resources import (
    Kind,
    Ref,
    Resource,
    State,
    Status,
    Value,
    deployment_ref,
    endpoint_ref,
    state_of,
    traffic_ref,
    with_value,
)
from deployer.rollout import FAILED_MARK, gated, rollout_mark
from deployer.workspace import Answer
from tests.unit.memory import MemoryWorkspace, answer, tools

BLUE, GREEN = deployment_ref("digits", "blue"), deployment_ref("digits", "green")
TRAFFIC = traffic_ref("digits")
CANARY = Rollout(steps=(10, 50, 100), bake_seconds=600, checks=Checks(min_requests=10))
INTENT = Intent(
    smoke_tests={BLUE: SmokeTest(request="request.json", json=7), GREEN: SmokeTest(request="request.json", json=7)},
    rollouts={"digits": CANARY},
)
NO_ROLLOUT = replace(INTENT, rollouts={})


def endpoint() -> Resource:
    return Resource(ref=endpoint_ref("digits"), fields={"auth_mode": "key", "properties": {}})


def deployment(ref: Ref, model: str = "1", state: str = "Succeeded") -> Resource:
    fields: dict[str, Value] = {"model": f"azureml:digits:{model}", "properties": {}}
    return Resource(ref=ref, fields=fields, status=Status(project="shop", provisioning_state=state))


def traffic(mirror: dict[str, int] | None = None, **shares: int) -> Resource:
    return Resource(ref=TRAFFIC, fields={"traffic": shares, "mirror_traffic": mirror or {}}, status=Status())


def wish(*names: Ref, model: str = "1", **shares: int) -> State:
    whole = Resource(ref=TRAFFIC, fields={"traffic": shares})
    return state_of([endpoint(), *(replace(deployment(ref, model), status=None) for ref in names), whole])


def live(*items: Resource) -> State:
    return state_of([replace(endpoint(), status=Status(project="shop")), *items])


SERVING = live(deployment(BLUE), traffic(blue=100))
TO_GREEN = wish(BLUE, GREEN, green=100)


def steps_for(
    desired: State, now: State, intent: Intent = INTENT, doomed: frozenset[Ref] = frozenset()
) -> tuple[Step, ...]:
    return gated(make_plan(desired, now, doomed=doomed), now, intent)


def carried(workspace: MemoryWorkspace, steps: tuple[Step, ...]) -> Outcome:
    return apply(Plan(env="prod", project="shop", steps=steps), tools(workspace))


def with_live(workspace: MemoryWorkspace, *items: Resource) -> None:
    workspace.state = state_of([*{**workspace.state.resources, **{item.ref: item for item in items}}.values()])


def failures(outcome: Outcome) -> list[str]:
    return [item.error.message for item in outcome.results if item.error]


class Patchy(MemoryWorkspace):
    """Cannot be reached while `away` says so."""

    def __init__(self, state: State, away: Callable[[float], bool]) -> None:
        super().__init__(state=state, respond=lambda name, now: answer(b"9" if now > 100 else b"7"))
        self.away = away

    def read(self, ref: Ref) -> Resource | None:
        if self.away(self.now):
            raise Unreachable("Nothing answered.")
        return super().read(ref)


def test_a_split_that_cannot_be_put_back_at_once_is_put_back_when_the_workspace_answers_again() -> None:
    workspace = Patchy(SERVING, away=lambda now: 100 < now < 250)
    outcome = carried(workspace, steps_for(TO_GREEN, SERVING))
    assert outcome.exit_code == 1
    assert workspace.state.split("digits") == {"blue": 100}
    assert [item.result for item in outcome.results].count(Result.UNDONE) == 1


def test_a_workspace_that_stays_away_is_told_with_everything_that_was_applied() -> None:
    workspace = Patchy(SERVING, away=lambda now: now > 100)
    outcome = carried(workspace, steps_for(TO_GREEN, SERVING))
    assert outcome.exit_code == 1
    assert [step.ref for step in workspace.executed] == [GREEN, TRAFFIC]
    assert len(outcome.applied) == 2
    told = failures(outcome)
    assert any("could not be put back" in message for message in told), told


def test_a_write_of_the_old_split_that_fails_is_tried_again() -> None:
    workspace = MemoryWorkspace(state=SERVING, respond=lambda name, now: answer(b"9" if now > 100 else b"7"))
    broken = iter([True, False])

    def refuse(step: Step) -> None:
        if "put back" in step.reason and next(broken):
            raise Unreachable("The connection was reset.")

    workspace.before_execute = refuse
    outcome = carried(workspace, steps_for(TO_GREEN, SERVING))
    assert workspace.state.split("digits") == {"blue": 100}
    assert outcome.exit_code == 1


def test_rollback_after_a_rollout_that_was_put_back_does_not_bring_the_bad_split() -> None:
    before = live(
        deployment(BLUE), replace(traffic(blue=100), status=Status(previous_split={"red": 100}, project="shop"))
    )
    workspace = MemoryWorkspace(state=before, respond=lambda name, now: answer(b"9" if now > 700 else b"7"))
    assert carried(workspace, steps_for(TO_GREEN, before)).exit_code == 1
    there = workspace.state.get(TRAFFIC)
    assert there is not None
    assert there.status is not None
    assert there.status.rollout == rollout_mark({"green": 100}, FAILED_MARK)
    assert there.status.previous_split == {"red": 100}


def test_a_split_somebody_set_while_a_step_baked_is_not_overwritten_when_its_checks_fail() -> None:
    workspace = MemoryWorkspace(state=SERVING)

    def respond(name: str, now: float) -> Answer:
        if now > 100:
            with_live(workspace, traffic(blue=70, green=30))
        return answer(b"9" if now > 100 else b"7")

    workspace.respond = respond
    outcome = carried(workspace, steps_for(TO_GREEN, SERVING))
    assert workspace.state.split("digits") == {"blue": 70, "green": 30}
    assert outcome.exit_code == Refused.exit_code
    assert any("somebody else" in message for message in failures(outcome))


def test_a_rollout_is_not_resumed_where_somebody_moved_the_traffic_back() -> None:
    status = Status(previous_split={"blue": 100}, rollout=rollout_mark({"green": 100}, 50))
    now = live(deployment(BLUE), deployment(GREEN), replace(traffic(blue=100), status=status))
    moves = [step.after.fields["traffic"] for step in steps_for(TO_GREEN, now) if step.ref == TRAFFIC and step.after]
    assert moves == [{"blue": 90, "green": 10}, {"blue": 50, "green": 50}, {"green": 100}]


def test_a_rollout_whose_target_changed_begins_anew_from_the_live_split() -> None:
    status = Status(previous_split={"blue": 100}, rollout=rollout_mark({"green": 100}, 50))
    now = live(deployment(BLUE), deployment(GREEN), replace(traffic(blue=50, green=50), status=status))
    desired = wish(BLUE, GREEN, blue=20, green=80)
    found = [step for step in steps_for(desired, now) if step.ref == TRAFFIC]
    assert [step.after.fields["traffic"] for step in found if step.after] == [
        {"blue": 47, "green": 53},
        {"blue": 35, "green": 65},
        {"blue": 20, "green": 80},
    ]


def test_rollback_while_a_rollout_is_on_its_way_leads_to_where_it_began_and_takes_its_mark_away() -> None:
    status = Status(previous_split={"blue": 100}, rollout=rollout_mark({"green": 100}, 50))
    now = live(deployment(BLUE), deployment(GREEN), replace(traffic(blue=50, green=50), status=status))
    back = state_of([Resource(ref=TRAFFIC, fields={"traffic": {"blue": 100}, "mirror_traffic": {}})])
    workspace = MemoryWorkspace(state=now)
    assert carried(workspace, steps_for(back, now, Intent())).ok
    there = workspace.state.get(TRAFFIC)
    assert there is not None
    assert there.status is not None
    assert (workspace.state.split("digits"), there.status.rollout) == ({"blue": 100}, "")


def test_traffic_does_not_go_to_a_deployment_whose_creation_failed_meanwhile() -> None:
    creating = live(deployment(BLUE), deployment(GREEN, state="Creating"), traffic(blue=100))
    steps = steps_for(TO_GREEN, creating, Intent())
    workspace = MemoryWorkspace(state=creating)
    with_live(workspace, deployment(GREEN, state="Failed"))
    outcome = carried(workspace, steps)
    assert outcome.exit_code == 1
    assert workspace.executed == []
    assert any("green" in message and "failed" in message for message in failures(outcome))


def test_a_deployment_that_serves_although_its_last_change_failed_may_get_less_traffic() -> None:
    sick = live(deployment(BLUE, state="Failed"), deployment(GREEN), traffic(blue=100))
    desired = state_of([endpoint(), Resource(ref=TRAFFIC, fields={"traffic": {"blue": 50, "green": 50}})])
    workspace = MemoryWorkspace(state=sick)
    assert carried(workspace, steps_for(desired, sick, NO_ROLLOUT)).ok


def test_a_smoke_test_waits_until_the_deployment_has_settled() -> None:
    """An apply that was killed while a deployment was being created: the next one finds it half made."""
    creating = live(deployment(BLUE), deployment(GREEN, state="Creating"), traffic(blue=100))

    class Slow(MemoryWorkspace):
        def read(self, ref: Ref) -> Resource | None:
            if ref == GREEN:
                self.now += 600
                with_live(self, deployment(GREEN))
            return super().read(ref)

    workspace = Slow(state=creating, respond=lambda name, now: answer() if now >= 600 else answer(b"", 404))
    assert carried(workspace, steps_for(TO_GREEN, creating, NO_ROLLOUT)).ok


def test_a_deployment_that_got_traffic_since_it_was_planned_is_not_deleted() -> None:
    before = live(deployment(BLUE), deployment(GREEN), traffic(blue=100))
    steps = steps_for(wish(BLUE, blue=100), before, doomed=frozenset({GREEN}))
    assert [step.action for step in steps] == [Action.DELETE]
    workspace = MemoryWorkspace(state=before)
    with_live(workspace, traffic(blue=90, green=10))
    outcome = carried(workspace, steps)
    assert outcome.exit_code == Refused.exit_code
    assert workspace.executed == []


def test_a_deployment_that_is_mirrored_to_since_it_was_planned_is_not_deleted() -> None:
    before = live(deployment(BLUE), deployment(GREEN), traffic(blue=100))
    steps = steps_for(wish(BLUE, blue=100), before, doomed=frozenset({GREEN}))
    workspace = MemoryWorkspace(state=before)
    with_live(workspace, traffic({"green": 10}, blue=100))
    assert carried(workspace, steps).exit_code == Refused.exit_code
    assert workspace.executed == []


def test_a_pruned_deployment_is_taken_out_of_the_mirror_first() -> None:
    before = live(deployment(BLUE), deployment(GREEN), traffic({"green": 10}, blue=100))
    steps = steps_for(wish(BLUE, blue=100), before, NO_ROLLOUT, doomed=frozenset({GREEN}))
    assert [(step.ref.kind, step.action) for step in steps] == [
        (Kind.TRAFFIC, Action.UPDATE),
        (Kind.DEPLOYMENT, Action.DELETE),
    ]
    workspace = MemoryWorkspace(state=before)
    assert carried(workspace, steps).ok
    assert workspace.state.get(GREEN) is None


def test_a_smoke_test_that_could_not_be_asked_takes_no_traffic_away() -> None:
    """Only a wrong answer is a sick deployment: a missing file or a broken network of ours is not."""
    both = live(deployment(BLUE), deployment(GREEN), traffic(blue=50, green=50))
    changed = replace(deployment(BLUE), fields=with_value(deployment(BLUE).fields, "model", "azureml:digits:2"))
    desired = state_of([endpoint(), replace(changed, status=None)])

    def unreadable(name: str, now: float) -> Answer:
        raise UsageError("request.json cannot be read")

    workspace = MemoryWorkspace(state=both, respond=unreadable)
    outcome = carried(workspace, steps_for(desired, both, NO_ROLLOUT))
    assert not outcome.ok
    assert workspace.state.split("digits") == {"blue": 50, "green": 50}


def test_a_new_endpoint_whose_name_does_not_resolve_yet_is_given_a_moment() -> None:
    def respond(name: str, now: float) -> Answer:
        if now < 3:
            raise Unreachable("Nothing answered.")
        return answer()

    workspace = MemoryWorkspace(respond=respond)
    assert carried(workspace, steps_for(wish(BLUE, blue=100), State(), NO_ROLLOUT)).ok


def test_an_endpoint_that_never_answers_fails_the_smoke_test_in_bounded_time() -> None:
    def respond(name: str, now: float) -> Answer:
        raise Unreachable("Nothing answered.")

    workspace = MemoryWorkspace(respond=respond)
    outcome = carried(workspace, steps_for(wish(BLUE, blue=100), State(), NO_ROLLOUT))
    assert outcome.exit_code == 1
    assert workspace.now < 120
    assert workspace.state.split("digits") == {}


def test_a_stop_while_a_deployment_settles_is_not_taken_for_a_sick_deployment() -> None:
    both = live(deployment(BLUE), deployment(GREEN), traffic(blue=50, green=50))
    changed = replace(deployment(BLUE), fields=with_value(deployment(BLUE).fields, "model", "azureml:digits:2"))
    workspace = MemoryWorkspace(state=both, respond=lambda name, now: answer(b"", 503), stop_at=1.0)
    outcome = carried(workspace, steps_for(state_of([endpoint(), replace(changed, status=None)]), both, NO_ROLLOUT))
    assert outcome.exit_code == 130
    assert workspace.state.split("digits") == {"blue": 50, "green": 50}


def test_reading_back_ends_when_somebody_asks_to_stop() -> None:
    """A stop makes every pause return at once: to go on reading would hammer the service."""
    reads: list[Ref] = []

    class Deaf(MemoryWorkspace):
        def execute(self, step: Step) -> None:
            self.executed.append(step)
            self.stop_at = 0.0

        def read(self, ref: Ref) -> Resource | None:
            reads.append(ref)
            assert len(reads) < 50
            return super().read(ref)

        def pause(self, seconds: float) -> bool:
            self.now += 0.001
            return True

    workspace = Deaf(state=SERVING)
    outcome = carried(workspace, steps_for(wish(BLUE, model="2", blue=100), SERVING, NO_ROLLOUT))
    assert outcome.exit_code == 130
    assert len(workspace.executed) == 1


@pytest.mark.parametrize("kind", [Kind.ENDPOINT, Kind.DEPLOYMENT])
def test_what_is_being_deleted_is_created_again(kind: Kind) -> None:
    """`destroy`, interrupted, and then `apply`: what still shows is on its way out."""
    from deployer.references import staying

    going = Status(project="shop", provisioning_state="Deleting")
    items = [endpoint(), deployment(BLUE), traffic()]
    leaving = staying(state_of([replace(item, status=going) if item.ref.kind is kind else item for item in items]))
    steps = steps_for(wish(BLUE, blue=100), leaving, NO_ROLLOUT)
    created = {step.ref.kind for step in steps if step.action is Action.CREATE}
    assert created == ({Kind.ENDPOINT, Kind.DEPLOYMENT} if kind is Kind.ENDPOINT else {Kind.DEPLOYMENT})


def test_a_write_that_fails_half_way_through_a_rollout_puts_the_old_split_back() -> None:
    workspace = MemoryWorkspace(state=SERVING)

    def refuse(step: Step) -> None:
        if step.ref == TRAFFIC and step.after and step.after.fields["traffic"] == {"green": 100}:
            raise WorkspaceError("The operation was canceled.", code="OperationCanceled")

    workspace.before_execute = refuse
    outcome = carried(workspace, steps_for(TO_GREEN, SERVING))
    assert outcome.exit_code == 1
    assert workspace.state.split("digits") == {"blue": 100}


def test_mirrored_traffic_stays_where_it_is_when_a_rollout_is_put_back() -> None:
    before = live(deployment(BLUE), deployment(GREEN), traffic({"green": 20}, blue=100))
    workspace = MemoryWorkspace(state=before, respond=lambda name, now: answer(b"9" if now > 100 else b"7"))
    carried(workspace, steps_for(TO_GREEN, before))
    there = workspace.state.get(TRAFFIC)
    assert there is not None
    assert there.fields == {"traffic": {"blue": 100}, "mirror_traffic": {"green": 20}}


def test_a_change_of_traffic_that_never_ends_is_not_waited_for_twice() -> None:
    looks: list[float] = []

    class Hanging(MemoryWorkspace):
        def read(self, ref: Ref) -> Resource | None:
            if self.executed and ref == TRAFFIC:
                looks.append(self.now)
                raise Busy("Still waiting to see it settle.")
            return super().read(ref)

    workspace = Hanging(state=SERVING)
    outcome = carried(workspace, steps_for(TO_GREEN, SERVING))
    assert outcome.exit_code == 1
    assert [step.ref for step in workspace.executed] == [GREEN]
    assert len(looks) == 2


def test_a_terminal_that_went_away_does_not_stop_what_protects_live_traffic() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    workspace = MemoryWorkspace(state=SERVING, respond=lambda name, now: answer(b"9" if now > 100 else b"7"))
    with Progress(Gone(), terminal=False) as watcher:
        plan = Plan(env="prod", project="shop", steps=steps_for(TO_GREEN, SERVING))
        outcome = apply(plan, replace(tools(workspace), watcher=watcher))
    assert outcome.exit_code == 1
    assert workspace.state.split("digits") == {"blue": 100}
    assert [item.result for item in outcome.results].count(Result.UNDONE) == 1


class Overtaken(MemoryWorkspace):
    """A second apply of the same specs is faster: right after our first write it has moved all traffic."""

    def execute(self, step: Step) -> None:
        super().execute(step)
        if step.ref == TRAFFIC:
            with_live(self, traffic(green=100))


def test_a_faster_apply_of_the_same_specs_is_not_undone() -> None:
    workspace = Overtaken(state=SERVING)
    outcome = carried(workspace, steps_for(TO_GREEN, SERVING))
    assert outcome.exit_code == Refused.exit_code
    assert workspace.state.split("digits") == {"green": 100}
    assert [step.ref for step in workspace.executed] == [GREEN, TRAFFIC]


def test_a_later_split_of_the_same_rollout_was_put_by_somebody_else() -> None:
    workspace = MemoryWorkspace(state=SERVING)

    def respond(name: str, now: float) -> Answer:
        if now > 100:
            with_live(workspace, traffic(green=100))
        return answer(b"9" if now > 100 else b"7")

    workspace.respond = respond
    assert carried(workspace, steps_for(TO_GREEN, SERVING)).exit_code == Refused.exit_code
    assert workspace.state.split("digits") == {"green": 100}
