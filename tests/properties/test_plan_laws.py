"""The laws of planning, over random pairs of states."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from functools import reduce
from itertools import accumulate

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployer.core.plan import Action, Step
from deployer.core.resources import FAILED_STATES, Kind, Observed, Ref, State, share_map, state_of, traffic_ref
from deployer.planning.autoscale import scaled_by, settings_to_delete
from deployer.planning.reconcile import phase_of, reconcile, simulate
from deployer.planning.review import Case
from deployer.planning.revisions import NO_REVISIONS
from deployer.planning.rollout import with_tests_and_stages
from deployer.planning.safety import findings
from tests.properties.states import PROJECT, Wish, pairs

Pair = tuple[Wish, State]
Steps = tuple[Step, ...]
PAIRS = int(os.environ.get("DEPLOYER_PAIRS", "2000"))
law = settings(max_examples=PAIRS, deadline=None, suppress_health_check=list(HealthCheck))


def orphans(wish: Wish, live: State) -> frozenset[Ref]:
    """Deployments that are live and in no spec, of endpoints that are in one."""
    known = set(wish.state.endpoints())
    refs = {item.ref for item in live.of_kind(Kind.DEPLOYMENT) if item.ref.endpoint in known}
    return frozenset(refs - wish.state.resources.keys())


def planned(wish: Wish, live: State, prune: bool = False) -> tuple[Step, ...]:
    deletes = orphans(wish, live) if prune else frozenset[Ref]()
    deletes |= settings_to_delete(wish.state, live, deletes, NO_REVISIONS, PROJECT)
    writes = reconcile(wish.state, live, ignored=wish.intent.ignored, deletes=deletes)
    return with_tests_and_stages(writes, live, wish.intent)


def accepted(wish: Wish, live: State, steps: tuple[Step, ...]) -> bool:
    case = Case(project=PROJECT, desired=wish.state, live=live, steps=steps, intent=wish.intent)
    return not any(finding.blocking for finding in findings(case))


@law
@given(pairs(), st.booleans(), st.integers(0, 12), st.randoms(use_true_random=False))
def test_the_laws_hold_for_every_pair(pair: Pair, prune: bool, done: int, dice: random.Random) -> None:
    wish, live = pair
    steps = planned(wish, live, prune)
    what_is_as_desired_needs_no_step(live)
    a_plan_leads_to_what_was_desired(wish, live, steps, prune)
    undeclared_traffic_stays_as_it_is(wish, live, steps)
    every_new_share_is_tested_first(wish, live, steps)
    steps_come_in_phases(steps)
    settings_come_and_go_with_their_deployments(wish, live, steps)
    the_order_of_files_changes_nothing(wish, live, dice)
    a_rollout_that_was_cut_short_goes_on(wish, live, steps, done)
    if accepted(wish, live, steps):
        no_prefix_of_an_accepted_plan_takes_traffic_away(wish, live, steps)
        traffic_never_points_at_what_is_missing_or_freshly_failed(live, steps)
        nothing_that_serves_is_deleted_or_replaced(live, steps)


def what_is_as_desired_needs_no_step(state: State) -> None:
    sound = state_of([replace(item, observed=Observed(owner=PROJECT)) for item in state.resources.values()])
    assert reconcile(sound, sound) == ()


def a_plan_leads_to_what_was_desired(wish: Wish, live: State, steps: Steps, prune: bool) -> None:
    end = reduce(simulate, steps, live)
    again = [step for step in planned(wish, end, prune) if step.action is not Action.TEST]
    assert again == []
    for resource in wish.state.resources.values():
        there = end.resources[resource.ref]
        kept = {path[0] for path in wish.intent.ignored.get(resource.ref, ()) if live.get(resource.ref)}
        for key in resource.fields.keys() - {"properties", "mirror_traffic"} - kept:
            assert there.fields[key] == resource.fields[key]
    if prune:
        assert not orphans(wish, end)


def undeclared_traffic_stays_as_it_is(wish: Wish, live: State, steps: Steps) -> None:
    end = reduce(simulate, steps, live)
    for endpoint in live.endpoints():
        there = {item.ref.name for item in end.deployments(endpoint)}
        mirror = share_map(live.get(traffic_ref(endpoint)), "mirror_traffic")
        kept = {name: share for name, share in mirror.items() if name in there and name not in end.split(endpoint)}
        assert share_map(end.get(traffic_ref(endpoint)), "mirror_traffic") == kept
        if traffic_ref(endpoint) not in wish.state.resources:
            assert end.split(endpoint) == live.split(endpoint)


def no_prefix_of_an_accepted_plan_takes_traffic_away(wish: Wish, live: State, steps: Steps) -> None:
    state = live
    for step in steps:
        before, state = state, simulate(state, step)
        for endpoint in before.endpoints():
            asked = wish.state.get(traffic_ref(endpoint))
            floor = sum(share_map(asked, "traffic").values()) if asked else 100
            now = state.split(endpoint)
            assert sum(now.values()) >= min(sum(before.split(endpoint).values()), floor)
            assert sum(now.values()) in (0, 100)


def traffic_never_points_at_what_is_missing_or_freshly_failed(live: State, steps: Steps) -> None:
    state = live
    for step in steps:
        state = simulate(state, step)
        for endpoint in state.endpoints():
            names = {item.ref.name: item for item in state.deployments(endpoint)}
            for name, share in state.split(endpoint).items():
                assert name in names
                seen = names[name].observed
                was = live.split(endpoint).get(name, 0)
                assert share <= was or seen is None or seen.provisioning_state not in FAILED_STATES


def nothing_that_serves_is_deleted_or_replaced(live: State, steps: Steps) -> None:
    state = live
    for step in steps:
        if step.action in (Action.DELETE, Action.REPLACE) and step.ref.kind is not Kind.AUTOSCALE:
            split = state.split(step.ref.endpoint)
            assert step.ref.name not in split
            assert step.ref.kind is Kind.DEPLOYMENT or not split
        state = simulate(state, step)


def the_order_of_files_changes_nothing(wish: Wish, live: State, dice: random.Random) -> None:
    shuffled = list(wish.state.resources.values())
    dice.shuffle(shuffled)
    assert reconcile(state_of(shuffled), live) == reconcile(wish.state, live)


def every_new_share_is_tested_first(wish: Wish, live: State, steps: Steps) -> None:
    """New is more than a deployment had before the plan: rounding may move a falling share up by one on the way."""
    tested: set[Ref] = set()
    for step in steps:
        if step.action is Action.TEST:
            tested.add(step.ref)
        had = live.split(step.ref.endpoint)
        for name, share in share_map(step.after, "traffic").items() if step.ref.kind is Kind.TRAFFIC else ():
            ref = Ref(kind=Kind.DEPLOYMENT, endpoint=step.ref.endpoint, name=name)
            assert share <= had.get(name, 0) or ref in tested or ref not in wish.intent.smoke_tests


def settings_come_and_go_with_their_deployments(wish: Wish, live: State, steps: Steps) -> None:
    """Ours never outlive a deployment, and a count that a setting decides is never written."""
    ours = {item.ref for item in live.of_kind(Kind.AUTOSCALE) if item.seen.owner == PROJECT}
    for state in accumulate(steps, simulate, initial=live):
        there = {item.ref for item in state.of_kind(Kind.AUTOSCALE)} & (ours | wish.state.resources.keys())
        gone = {ref for ref in there if not state.get(scaled_by(ref)) and live.get(scaled_by(ref))}
        assert not gone
    for step in steps:
        if step.action is Action.UPDATE and step.ref in wish.intent.ignored:
            assert ("instance_count",) not in {change.path for change in step.changes}


def steps_come_in_phases(steps: Steps) -> None:
    phases = [phase_of(step) for step in steps]
    assert phases == sorted(phases)


def a_rollout_that_was_cut_short_goes_on(wish: Wish, live: State, steps: Steps, done: int) -> None:
    """Whatever prefix was carried out, planning again leads to the same end, and no share moves backwards."""
    if any(step.action is Action.DELETE for step in steps):
        return
    middle = reduce(simulate, steps[:done], live)
    end = reduce(simulate, planned(wish, middle), middle)
    goal = reduce(simulate, steps, live)
    for endpoint in goal.endpoints():
        assert end.split(endpoint) == goal.split(endpoint)
        was = live.split(endpoint)
        rising = {name for name, share in goal.split(endpoint).items() if share >= was.get(name, 0)}
        state = middle
        for step in planned(wish, middle):
            before, state = state, simulate(state, step)
            for name in rising:
                assert state.split(endpoint).get(name, 0) >= before.split(endpoint).get(name, 0) - 1
