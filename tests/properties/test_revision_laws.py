"""The laws of planning with revisions and autoscale, over series of edits of one endpoint."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import reduce
from itertools import accumulate, pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployer.core.intent import Intent, Rollout, SmokeTest
from deployer.core.plan import Action, Step
from deployer.core.resources import Kind, Observed, Resource, State, share_map, state_of, traffic_ref
from deployer.planning.autoscale import scaled_by, settings_to_delete, with_live_counts
from deployer.planning.reconcile import reconcile, simulate
from deployer.planning.revisions import (
    find_revisions,
    intent_for,
    revisions_of,
    with_revisions,
    with_revisions_noted,
)
from deployer.planning.rollout import with_tests_and_stages
from tests.properties.states import (
    PROJECT,
    Wish,
    deployments,
    endpoints,
    kept_counts,
    settings_of,
    splits,
)

SERIES = int(os.environ.get("DEPLOYER_PAIRS", "2000")) // 8
NAMES = ("blue", "green")


@st.composite
def edits(draw: st.DrawFn) -> list[Wish]:
    """What the specs of one endpoint ask for, one commit after the other: every deployment has revisions."""
    return [draw(wishes()) for _ in range(draw(st.integers(2, 4)))]


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    names = tuple(draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1)))
    declared = [draw(deployments("digits", name, None)) for name in names]
    scaled = [setting for item in declared for setting in draw(settings_of(item, None))]
    found: list[Resource] = [draw(endpoints("digits", None)), *declared, *scaled]
    if draw(st.booleans()):
        found.append(Resource(ref=traffic_ref("digits"), fields={"traffic": draw(splits(names))}))
    intent = Intent(
        smoke_tests={item.ref: SmokeTest(request="r.json") for item in declared},
        rollouts={"digits": Rollout(steps=(50, 100))} if draw(st.booleans()) else {},
        ignored=kept_counts(found),
        revisions={item.ref: draw(st.integers(0, 2)) for item in declared},
    )
    return Wish(state=state_of(found), intent=intent)


def planned(wish: Wish, live: State) -> tuple[Step, ...]:
    """The steps of a plan, as `pipeline.plan` makes them."""
    found = find_revisions(wish.state, live, wish.intent, frozenset())
    state = with_live_counts(with_revisions(wish.state, found, live), found, live)
    intent = intent_for(wish.intent, found)
    goes = found.surplus | settings_to_delete(state, live, found.surplus, found, PROJECT)
    writes = reconcile(state, live, ignored=intent.ignored, deletes=goes)
    return with_tests_and_stages(with_revisions_noted(writes, found, live), live, intent)


def owned(live: State) -> State:
    """The state as a workspace shows it: everything has the tag of the project."""
    items = live.resources.values()
    return state_of([replace(item, observed=replace(item.observed or Observed(), owner=PROJECT)) for item in items])


@settings(max_examples=SERIES, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits())
def test_the_laws_hold_for_every_series_of_edits(series: list[Wish]) -> None:
    live = State()
    for wish in series:
        steps = planned(wish, live)
        states = list(accumulate(steps, simulate, initial=live))
        traffic_is_on_what_is_there_and_tested_and_never_falls(wish, live, steps, states)
        settings_never_outlive_their_deployments(live, states)
        live = owned(reduce(simulate, steps, live))
        a_second_plan_is_empty_and_nothing_is_left_over(wish, live)


def traffic_is_on_what_is_there_and_tested_and_never_falls(
    wish: Wish, live: State, steps: tuple[Step, ...], states: list[State]
) -> None:
    for before, after in pairwise(states):
        assert set(after.split("digits")) <= {item.ref.name for item in after.deployments("digits")}
        if wish.state.get(traffic_ref("digits")) is None:
            assert sum(after.split("digits").values()) >= sum(before.split("digits").values())
    tested: set[str] = set()
    for step in steps:
        tested |= {step.ref.name} if step.action is Action.TEST else set()
        rising = share_map(step.after, "traffic").keys() - share_map(step.before, "traffic").keys()
        assert {name for name in rising if not _has_passed(name, live)} <= tested


def _has_passed(name: str, live: State) -> bool:
    traffic = live.get(traffic_ref("digits"))
    return traffic is not None and name in traffic.seen.bookkeeping.tested


def settings_never_outlive_their_deployments(live: State, states: list[State]) -> None:
    for state in states:
        scaled = {scaled_by(item.ref) for item in state.of_kind(Kind.AUTOSCALE)}
        assert not {ref for ref in scaled if live.get(ref) and not state.get(ref)}


def a_second_plan_is_empty_and_nothing_is_left_over(wish: Wish, live: State) -> None:
    assert [step for step in planned(wish, live) if step.action is not Action.TEST] == []
    for logical, keep in wish.intent.revisions.items():
        assert len(revisions_of(logical, live)) <= keep + 2
    scaled = {scaled_by(item.ref) for item in live.of_kind(Kind.AUTOSCALE)}
    wanted = {scaled_by(item.ref) for item in wish.state.of_kind(Kind.AUTOSCALE)}
    of_logical = {logical: {item.ref for item in revisions_of(logical, live)} for logical in wish.intent.revisions}
    assert {logical for logical, there in of_logical.items() if there & scaled} == wanted
    assert len(scaled & set().union(*of_logical.values())) == len(wanted)
