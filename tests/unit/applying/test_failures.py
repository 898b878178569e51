"""What can go wrong on a Friday evening: each doubt a case, over a workspace in memory with time injected."""

from __future__ import annotations

import pytest

from deployer.core.errors import Refused, Unreachable, UsageError
from deployer.core.intent import Intent
from deployer.core.plan import Action, Step
from deployer.core.resources import Kind, Ref, Resource, State
from deployer.core.workspace import Answer
from tests import build
from tests.build import deployment, endpoint, seen, traffic
from tests.unit.digits import (
    BLUE,
    GREEN,
    NO_ROLLOUT,
    SERVING,
    TO_GREEN,
    carried,
    failures,
    live,
    steps_for,
    wish,
    with_live,
)
from tests.unit.memory import MemoryWorkspace, answer


def test_traffic_does_not_go_to_a_deployment_whose_creation_failed_meanwhile() -> None:
    creating = live(deployment(), seen(deployment("green"), "Creating"), traffic(blue=100))
    steps = steps_for(TO_GREEN, creating, Intent())
    workspace = MemoryWorkspace(state=creating)
    with_live(workspace, seen(deployment("green"), "Failed"))
    outcome = carried(workspace, steps)
    assert outcome.exit_code == 1
    assert workspace.executed == []
    assert any("green" in message and "failed" in message for message in failures(outcome))


def test_a_deployment_that_serves_although_its_last_change_failed_may_get_less_traffic() -> None:
    failing = live(seen(deployment(), "Failed"), deployment("green"), traffic(blue=100))
    desired = build.wish(endpoint(), traffic(blue=50, green=50))
    workspace = MemoryWorkspace(state=failing)
    assert carried(workspace, steps_for(desired, failing, NO_ROLLOUT)).ok


def test_a_smoke_test_waits_until_the_deployment_has_settled() -> None:
    """An apply that was killed while a deployment was being created: the next one finds it half made."""
    creating = live(deployment(), seen(deployment("green"), "Creating"), traffic(blue=100))

    class Slow(MemoryWorkspace):
        def read(self, ref: Ref) -> Resource | None:
            if ref == GREEN:
                self.now += 600
                with_live(self, deployment("green"))
            return super().read(ref)

    workspace = Slow(state=creating, respond=lambda name, now: answer() if now >= 600 else answer(b"", 404))
    assert carried(workspace, steps_for(TO_GREEN, creating, NO_ROLLOUT)).ok


def test_a_deployment_that_got_traffic_since_it_was_planned_is_not_deleted() -> None:
    before = live(deployment(), deployment("green"), traffic(blue=100))
    steps = steps_for(wish(BLUE, blue=100), before, deletes=frozenset({GREEN}))
    assert [step.action for step in steps] == [Action.DELETE]
    workspace = MemoryWorkspace(state=before)
    with_live(workspace, traffic(blue=90, green=10))
    outcome = carried(workspace, steps)
    assert outcome.exit_code == Refused.exit_code
    assert workspace.executed == []


def test_a_deployment_that_is_mirrored_to_since_it_was_planned_is_not_deleted() -> None:
    before = live(deployment(), deployment("green"), traffic(blue=100))
    steps = steps_for(wish(BLUE, blue=100), before, deletes=frozenset({GREEN}))
    workspace = MemoryWorkspace(state=before)
    with_live(workspace, traffic(mirror={"green": 10}, blue=100))
    assert carried(workspace, steps).exit_code == Refused.exit_code
    assert workspace.executed == []


def test_a_pruned_deployment_is_taken_out_of_the_mirror_first() -> None:
    before = live(deployment(), deployment("green"), traffic(mirror={"green": 10}, blue=100))
    steps = steps_for(wish(BLUE, blue=100), before, NO_ROLLOUT, deletes=frozenset({GREEN}))
    assert [(step.ref.kind, step.action) for step in steps] == [
        (Kind.TRAFFIC, Action.UPDATE),
        (Kind.DEPLOYMENT, Action.DELETE),
    ]
    workspace = MemoryWorkspace(state=before)
    assert carried(workspace, steps).ok
    assert workspace.state.get(GREEN) is None


def test_a_smoke_test_that_could_not_be_asked_takes_no_traffic_away() -> None:
    """Only a wrong answer is a failing deployment: a missing file or a broken network of ours is not."""
    both = live(deployment(), deployment("green"), traffic(blue=50, green=50))
    changed = deployment(model="azureml:digits:2")
    desired = build.wish(endpoint(), changed)

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
    both = live(deployment(), deployment("green"), traffic(blue=50, green=50))
    changed = deployment(model="azureml:digits:2")
    workspace = MemoryWorkspace(state=both, respond=lambda name, now: answer(b"", 503), stop_at=1.0)
    outcome = carried(workspace, steps_for(build.wish(endpoint(), changed), both, NO_ROLLOUT))
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
    from deployer.planning.pins import without_deleting

    items = [endpoint(), deployment(), traffic()]
    leaving = without_deleting(
        build.live(*(seen(item, "Deleting") if item.ref.kind is kind else item for item in items))
    )
    steps = steps_for(wish(BLUE, blue=100), leaving, NO_ROLLOUT)
    created = {step.ref.kind for step in steps if step.action is Action.CREATE}
    assert created == ({Kind.ENDPOINT, Kind.DEPLOYMENT} if kind is Kind.ENDPOINT else {Kind.DEPLOYMENT})
