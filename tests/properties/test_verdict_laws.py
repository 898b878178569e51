"""The laws of verdicts: random applies over a workspace in memory, where some contents give wrong answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from deployer.applying.apply import apply
from deployer.core.outcome import Outcome
from deployer.core.plan import Action, Plan, Step
from deployer.core.resources import Kind, Ref, State, deployment_ref, state_of
from deployer.core.workspace import Answer
from deployer.planning.earlier import with_earlier_noted
from deployer.planning.reconcile import reconcile
from deployer.planning.review import Case
from deployer.planning.rollout import with_tests_and_stages
from deployer.planning.safety import findings
from deployer.planning.verdicts import content_hash, owing_endpoints
from tests.properties.states import PROJECT, Wish, live_states, next_wishes
from tests.properties.test_plan_laws import law
from tests.unit.memory import MemoryWorkspace, answer, tools


@dataclass
class Moody(MemoryWorkspace):
    """One content in `one_in` gives wrong answers; all that is written is ours."""

    one_in: int = 3

    def is_bad(self, ref: Ref) -> bool:
        item = self.state.get(ref)
        return item is not None and int(content_hash(item), 16) % self.one_in == 0

    def score(self, endpoint: str, body: bytes, *, deployment: str = "", **rest: Any) -> Answer:
        return answer(status=500 if self.is_bad(deployment_ref(endpoint, deployment)) else 200)

    def execute(self, step: Step) -> None:
        with self.lock:  # endpoints are written side by side
            super().execute(step)
            items = self.state.resources.values()
            self.state = state_of([replace(item, observed=replace(item.seen, owner=PROJECT)) for item in items])


def planned(wish: Wish, live: State) -> tuple[Step, ...]:
    writes = with_earlier_noted(reconcile(wish.state, live), live)
    return with_tests_and_stages(writes, live, wish.intent, owing_endpoints(live, PROJECT, frozenset()))


def refused(wish: Wish, live: State) -> set[str]:
    case = Case(project=PROJECT, desired=wish.state, live=live, steps=planned(wish, live), intent=wish.intent)
    return {finding.code for finding in findings(case) if finding.blocking}


def carried_out(wish: Wish, workspace: Moody) -> Outcome:
    return apply(Plan(env="test", project=PROJECT, steps=planned(wish, workspace.state)), tools(workspace))


def serving_badly(wish: Wish, workspace: Moody) -> set[Ref]:
    """Deployments with live traffic and a declared test that they fail."""
    refs = {deployment_ref(name, one) for name in wish.state.endpoints() for one in workspace.state.split(name)}
    return {ref for ref in refs & wish.intent.smoke_tests.keys() if workspace.is_bad(ref)}


edits = live_states(healthy=True, busy=True).flatmap(lambda live: st.tuples(st.just(live), next_wishes(live)))


@law
@given(edits, st.integers(1, 4))
def test_what_fails_its_test_does_not_serve_and_is_not_forgotten(edit: tuple[State, Wish], one_in: int) -> None:
    live, wish = edit
    workspace = Moody(state=live, one_in=one_in)
    before = {ref: workspace.is_bad(ref) for ref in live.resources if ref.kind is Kind.DEPLOYMENT}
    if refused(wish, live):
        return
    outcome = carried_out(wish, workspace)
    bad = serving_badly(wish, workspace)
    if outcome.ok:
        assert not bad
        assert planned(wish, workspace.state) == ()
        assert not refused(wish, workspace.state)
        return
    assert all(before.get(ref) for ref in bad), "it was good before, and serves badly now"
    left = planned(wish, workspace.state)
    assert left, "nothing is left to do although something failed"
    assert "test-failed" in refused(wish, workspace.state) or any(step.action is not Action.TEST for step in left)


@law
@given(edits, st.integers(1, 4), st.integers(0, 12))
def test_an_apply_cut_short_anywhere_is_finished_or_undone_by_the_next(
    edit: tuple[State, Wish], one_in: int, done: int
) -> None:
    live, wish = edit
    workspace = Moody(state=live, one_in=one_in)
    if refused(wish, live):
        return
    for step in [step for step in planned(wish, live) if step.action.writes][:done]:
        if step.ref.kind is Kind.TRAFFIC:
            break  # without its tests it would not have come this far
        workspace.execute(step)
    split = {name: workspace.state.split(name) for name in workspace.state.endpoints()}
    outcome = carried_out(wish, workspace)
    if outcome.ok:
        assert not serving_badly(wish, workspace)
        assert planned(wish, workspace.state) == ()
    else:
        assert planned(wish, workspace.state)
    for name, shares in split.items():
        wanted = sum(wish.state.split(name).values()) if wish.state.split(name) else 100
        assert sum(workspace.state.split(name).values()) >= min(sum(shares.values()), wanted)
