"""Live traffic when a rollout fails, stops, or is overtaken: each doubt a case, with time injected."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest

from deployer.applying.apply import apply
from deployer.applying.undo import move_to_healthy, put_back, undo
from deployer.commands.progress import Progress
from deployer.core.bookkeeping import Bookkeeping
from deployer.core.diff import diff
from deployer.core.errors import Busy, NotFound, Refused, SignInFailed, Unreachable, WorkspaceError
from deployer.core.intent import Intent
from deployer.core.outcome import Result
from deployer.core.plan import Action, Plan, Step
from deployer.core.resources import Kind, Ref, Resource, State, Value
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
from tests.unit.memory import MemoryWorkspace, Noting, answer, tools


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
    assert [step.ref for step in workspace.executed if step.changes] == [GREEN, TRAFFIC]


def test_a_later_split_of_the_same_rollout_was_put_by_somebody_else() -> None:
    workspace = MemoryWorkspace(state=SERVING)

    def respond(name: str, now: float) -> Answer:
        if now > 100:
            with_live(workspace, traffic(green=100))
        return answer(b"9" if now > 100 else b"7")

    workspace.respond = respond
    assert carried(workspace, steps_for(TO_GREEN, SERVING)).exit_code == Refused.exit_code
    assert workspace.state.split("digits") == {"green": 100}


def move(before: Resource | None, after: Resource | None, noted: Bookkeeping | None = None) -> Step:
    return Step(action=Action.UPDATE, ref=TRAFFIC, before=before, after=after, bookkeeping=noted)


BEFORE = seen(traffic(blue=100, mirror={"green": 20, "red": 10}), bookkeeping=RED)
TEN, ALL = traffic(blue=90, green=10), traffic(green=100)
ROLLOUT = (move(BEFORE, TEN, HALF_WAY), move(TEN, ALL, Bookkeeping(previous_split={"blue": 100})))


def restored(now: Resource, **fields: Value) -> Step:
    after = replace(now, fields=fields, observed=None)
    noted = Bookkeeping(previous_split={"red": 100}, rollout=rollout_mark({"green": 100}, FAILED_MARK))
    reason = "the previous split was restored"
    changes = diff(now, after)
    return replace(move(now, after, noted), changes=changes, reason=reason)


@pytest.mark.parametrize("now", [TEN, ALL])
def test_what_puts_a_split_back_is_one_write_of_all_of_it_with_the_mark_of_the_failure(now: Resource) -> None:
    """The record for `rollback` stays, and so does each mirror to a deployment that gets no live traffic."""
    there = seen(now)
    found = put_back(ROLLOUT, ROLLOUT[1], tools(MemoryWorkspace(state=live(there))))
    assert found is not None
    assert found == restored(there, traffic={"blue": 100}, mirror_traffic={"green": 20, "red": 10})
    assert found.after is not None
    assert found.after.observed is None


def test_a_mirror_to_a_deployment_that_gets_its_traffic_back_is_not_restored() -> None:
    before = seen(traffic(blue=60, green=40, mirror={"red": 10, "green": 5}), bookkeeping=RED)
    steps = (move(before, TEN), move(TEN, ALL, Bookkeeping(previous_split={"blue": 60, "green": 40})))
    there = seen(ALL)
    found = put_back(steps, steps[1], tools(MemoryWorkspace(state=live(there))))
    assert found == restored(there, traffic={"blue": 60, "green": 40}, mirror_traffic={"red": 10})


def test_a_split_that_is_as_it_was_is_not_written_again() -> None:
    assert put_back(ROLLOUT, ROLLOUT[0], tools(MemoryWorkspace(state=live(seen(traffic(blue=100)))))) is None


@pytest.mark.parametrize("now", [traffic(blue=70, green=30), traffic(), TEN])
def test_a_split_that_the_failed_step_neither_found_nor_wrote_is_somebody_elses(now: Resource) -> None:
    last = move(ALL, traffic(red=100), ROLLOUT[1].bookkeeping)
    with pytest.raises(Refused, match="someone else changed traffic digits during its rollout; it was not restored"):
        put_back((*ROLLOUT, last), last, tools(MemoryWorkspace(state=live(seen(now)))))


def test_without_a_record_the_split_before_was_none() -> None:
    steps = (move(seen(traffic()), ALL),)
    there = seen(ALL)
    found = put_back(steps, steps[0], tools(MemoryWorkspace(state=live(there))))
    assert found is not None
    assert found.after == replace(there, fields={"traffic": {}, "mirror_traffic": {}}, observed=None)


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ((move(None, TEN), ROLLOUT[1]), live(seen(TEN))),
        ((ROLLOUT[0], move(TEN, None)), live(seen(TEN))),
        (ROLLOUT, build.live(build.endpoint())),
    ],
)
def test_what_is_new_or_gone_has_no_split_to_put_back(steps: tuple[Step, ...], state: State) -> None:
    state = replace(state, resources={ref: item for ref, item in state.resources.items() if ref.kind is Kind.TRAFFIC})
    assert put_back(steps, steps[0], tools(MemoryWorkspace(state=state))) is None


def serving(*failed: str, mirror: dict[str, int] | None = None, **shares: int) -> MemoryWorkspace:
    """A workspace with these shares; the deployments named have failed."""
    items = [seen(deployment(name), "Failed" if name in failed else "Succeeded") for name in ("blue", "green", "red")]
    return MemoryWorkspace(state=live(*items, seen(traffic(mirror=mirror or {}, **shares))))


def test_the_shares_of_failing_deployments_go_to_the_healthy_with_the_split_on_record() -> None:
    workspace = serving(blue=60, green=30, red=10, mirror={"purple": 5})
    found = move_to_healthy("digits", frozenset({"blue"}), tools(workspace))
    there = workspace.state.resources[TRAFFIC]
    after = replace(there, fields={"traffic": {"green": 75, "red": 25}, "mirror_traffic": {"purple": 5}}, observed=None)
    assert found == replace(
        move(
            there,
            after,
            Bookkeeping(previous_split={"blue": 60, "green": 30, "red": 10}, previous_mirror={"purple": 5}),
        ),
        changes=diff(there, after),
        reason="traffic moved to healthy deployments",
    )


def test_several_failing_deployments_lose_their_shares_in_one_write() -> None:
    found = move_to_healthy("digits", frozenset({"blue", "red", "purple"}), tools(serving(blue=60, green=30, red=10)))
    assert found is not None
    assert found.after is not None
    assert found.after.fields["traffic"] == {"green": 100}


def test_a_mirror_is_taken_off_where_the_share_goes() -> None:
    workspace = serving(blue=60, green=40, mirror={"green": 5, "red": 10})
    found = move_to_healthy("digits", frozenset({"blue"}), tools(workspace))
    assert found is not None
    assert found.after is not None
    assert found.after.fields == {"traffic": {"green": 100}, "mirror_traffic": {"red": 10}}


@pytest.mark.parametrize(
    ("workspace", "failing"),
    [
        (serving(blue=100), {"blue"}),
        (serving("green", blue=60, green=40), {"blue"}),
        (serving(blue=60, green=40), {"red"}),
        (serving(blue=60, green=40), {"blue", "green"}),
        (MemoryWorkspace(), {"blue"}),
    ],
)
def test_without_a_failing_share_or_somebody_healthy_nothing_moves(
    workspace: MemoryWorkspace, failing: set[str]
) -> None:
    assert move_to_healthy("digits", frozenset(failing), tools(workspace)) is None


def test_an_undo_is_reported_with_its_step_its_time_and_its_reason() -> None:
    workspace, watcher = serving(blue=60, green=40), Noting()

    def slow(step: Step) -> None:
        workspace.now += 5.0

    workspace.before_execute, workspace.now = slow, 3.0
    given = replace(tools(workspace), watcher=watcher)
    (result,) = undo(TRAFFIC, lambda: move_to_healthy("digits", frozenset({"blue"}), given), given)
    assert (result.result, result.seconds, result.note) == (Result.UNDONE, 5.0, "traffic moved to healthy deployments")
    assert workspace.executed == [result.step]
    assert watcher.told == ["~ traffic digits", "undone traffic digits"]


def test_where_there_is_nothing_to_undo_nobody_hears_of_it() -> None:
    workspace, watcher = MemoryWorkspace(), Noting()
    assert undo(TRAFFIC, lambda: None, replace(tools(workspace), watcher=watcher)) == []
    assert watcher.told == []


def test_an_undo_that_fails_is_reported_with_its_time_and_the_way_out() -> None:
    workspace, watcher = MemoryWorkspace(now=3.0), Noting()

    def gone() -> Step:
        workspace.now += 5.0
        raise NotFound("It is gone.")

    (result,) = undo(TRAFFIC, gone, replace(tools(workspace), watcher=watcher))
    assert (result.result, result.seconds, result.step.ref) == (Result.FAILED, 5.0, TRAFFIC)
    assert result.error is not None
    assert str(result.error).startswith("the traffic could not be restored: It is gone.")
    assert "`deployer rollback`" in result.error.hint
    assert watcher.told == ["failed traffic digits"]


def test_an_undo_that_is_refused_says_why_in_its_own_words() -> None:
    def refuse() -> Step:
        raise Refused("someone else changed it")

    (result,) = undo(TRAFFIC, refuse, tools(MemoryWorkspace()))
    assert isinstance(result.error, Refused)
    assert str(result.error) == "someone else changed it"


@pytest.mark.parametrize("failure", [Busy, NotFound, SignInFailed])
def test_what_trying_again_does_not_cure_is_not_tried_again(failure: type[WorkspaceError]) -> None:
    tries: list[float] = []

    def fail() -> Step:
        tries.append(0.0)
        assert len(tries) < 5
        raise failure("no")

    (result,) = undo(TRAFFIC, fail, tools(MemoryWorkspace()))
    assert (result.result, len(tries)) == (Result.FAILED, 1)


def test_an_undo_is_tried_for_ten_minutes_with_ten_seconds_between() -> None:
    """Each pause is a second here, so that a second more or less is noticed."""
    workspace = MemoryWorkspace(now=7.0)
    tries, pauses = list[float](), list[float]()

    def fail() -> Step:
        tries.append(workspace.now)
        assert len(tries) < 1000
        raise Unreachable("Nothing answered.")

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return workspace.pause(1.0)

    (result,) = undo(TRAFFIC, fail, replace(tools(workspace), pause=pause))
    assert tries == [7.0 + number for number in range(601)]
    assert (set(pauses), result.seconds) == ({10.0}, 600.0)


def test_a_stop_ends_the_tries_of_an_undo_and_not_the_first_one() -> None:
    tries: list[float] = []

    def fail() -> Step:
        tries.append(0.0)
        assert len(tries) < 5
        raise Unreachable("Nothing answered.")

    (result,) = undo(TRAFFIC, fail, tools(MemoryWorkspace(stop_at=0.0)))
    assert (result.result, len(tries)) == (Result.FAILED, 1)
    workspace = serving(blue=60, green=40)
    workspace.stop_at = 0.0
    given = tools(workspace)
    (result,) = undo(TRAFFIC, lambda: move_to_healthy("digits", frozenset({"blue"}), given), given)
    assert (result.result, workspace.state.split("digits")) == (Result.UNDONE, {"green": 100})
