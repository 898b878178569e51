"""Live traffic when a rollout fails, stops, or is overtaken: each doubt a case, with time injected."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

from deployer.applying.apply import apply
from deployer.commands.progress import Progress
from deployer.core.errors import Busy, Refused, Unreachable, WorkspaceError
from deployer.core.intent import Intent
from deployer.core.outcome import Result
from deployer.core.plan import Plan, Step
from deployer.core.resources import Bookkeeping, Ref, Resource, State
from deployer.core.workspace import Answer
from deployer.planning.rollout import FAILED_MARK, rollout_mark
from tests import build
from tests.build import deployment, seen, traffic
from tests.unit.digits import (
    BLUE,
    GREEN,
    SERVING,
    TO_GREEN,
    TRAFFIC,
    carried,
    failures,
    live,
    steps_for,
    wish,
    with_live,
)
from tests.unit.memory import MemoryWorkspace, answer, tools


class Patchy(MemoryWorkspace):
    """Cannot be reached while `away` says so."""

    def __init__(self, state: State, away: Callable[[float], bool]) -> None:
        super().__init__(state=state, respond=lambda name, now: answer(b"9" if now > 100 else b"7"))
        self.away = away

    def read(self, ref: Ref) -> Resource | None:
        if self.away(self.now):
            raise Unreachable("Nothing answered.")
        return super().read(ref)


RED = Bookkeeping(previous_split={"red": 100})
HALF_WAY = Bookkeeping(previous_split={"blue": 100}, rollout=rollout_mark({"green": 100}, 50))


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
    assert [item.result for item in outcome.results].count(Result.APPLIED) == 2
    told = failures(outcome)
    assert any("could not be restored" in message for message in told), told


def test_a_write_of_the_old_split_that_fails_is_tried_again() -> None:
    workspace = MemoryWorkspace(state=SERVING, respond=lambda name, now: answer(b"9" if now > 100 else b"7"))
    broken = iter([True, False])

    def refuse(step: Step) -> None:
        if "restored" in step.reason and next(broken):
            raise Unreachable("The connection was reset.")

    workspace.before_execute = refuse
    outcome = carried(workspace, steps_for(TO_GREEN, SERVING))
    assert workspace.state.split("digits") == {"blue": 100}
    assert outcome.exit_code == 1


def test_rollback_after_a_rollout_that_was_put_back_does_not_bring_the_bad_split() -> None:
    before = live(deployment(), seen(traffic(blue=100), bookkeeping=RED))
    workspace = MemoryWorkspace(state=before, respond=lambda name, now: answer(b"9" if now > 700 else b"7"))
    assert carried(workspace, steps_for(TO_GREEN, before)).exit_code == 1
    there = workspace.state.get(TRAFFIC)
    assert there is not None
    assert there.observed is not None
    assert there.seen.bookkeeping.rollout == rollout_mark({"green": 100}, FAILED_MARK)
    assert there.seen.bookkeeping.previous_split == {"red": 100}


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
    assert any("someone else" in message for message in failures(outcome))


def test_a_rollout_is_not_resumed_where_somebody_moved_the_traffic_back() -> None:
    now = live(deployment(), deployment("green"), seen(traffic(blue=100), bookkeeping=HALF_WAY))
    moves = [step.after.fields["traffic"] for step in steps_for(TO_GREEN, now) if step.ref == TRAFFIC and step.after]
    assert moves == [{"blue": 90, "green": 10}, {"blue": 50, "green": 50}, {"green": 100}]


def test_a_rollout_whose_target_changed_begins_anew_from_the_live_split() -> None:
    now = live(deployment(), deployment("green"), seen(traffic(blue=50, green=50), bookkeeping=HALF_WAY))
    desired = wish(BLUE, GREEN, blue=20, green=80)
    found = [step for step in steps_for(desired, now) if step.ref == TRAFFIC]
    assert [step.after.fields["traffic"] for step in found if step.after] == [
        {"blue": 47, "green": 53},
        {"blue": 35, "green": 65},
        {"blue": 20, "green": 80},
    ]


def test_rollback_while_a_rollout_is_on_its_way_leads_to_where_it_began_and_takes_its_mark_away() -> None:
    now = live(deployment(), deployment("green"), seen(traffic(blue=50, green=50), bookkeeping=HALF_WAY))
    back = build.wish(traffic(mirror={}, blue=100))
    workspace = MemoryWorkspace(state=now)
    assert carried(workspace, steps_for(back, now, Intent())).ok
    there = workspace.state.get(TRAFFIC)
    assert there is not None
    assert there.observed is not None
    assert (workspace.state.split("digits"), there.seen.bookkeeping.rollout) == ({"blue": 100}, "")


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
    before = live(deployment(), deployment("green"), traffic(mirror={"green": 20}, blue=100))
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
