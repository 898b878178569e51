"""Which smoke tests a plan has, and which of them the rest waits for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.core.bookkeeping import Bookkeeping
from deployer.core.intent import Intent, SmokeTest
from deployer.core.plan import Action, Step
from deployer.core.resources import Ref, Resource, State, deployment_ref
from deployer.planning.due_tests import due_tests, gates
from deployer.planning.reconcile import reconcile, simulate
from deployer.planning.verdicts import verdict_hash
from tests.build import deployment, endpoint, live, seen, traffic, wish

BLUE, GREEN = deployment_ref("digits", "blue"), deployment_ref("digits", "green")
TEST = SmokeTest(request="request.json", body_hash="ab", json=7)
INTENT = Intent(smoke_tests={BLUE: TEST, GREEN: TEST})
OURS = frozenset({"digits"})


def marked(*items: Resource, passed: tuple[str, ...] = (), failed: tuple[str, ...] = ()) -> State:
    """A live endpoint where blue serves; these deployments have passed or failed with the content they have."""
    hashes = {item.ref.name: verdict_hash(item, INTENT) for item in items}
    noted = Bookkeeping(tested={name: hashes[name] for name in passed}, failed={name: hashes[name] for name in failed})
    return live(endpoint(), *items, seen(traffic(blue=100), bookkeeping=noted))


def due(desired: State, now: State, owing: frozenset[str] = OURS, deletes: frozenset[Ref] = frozenset()) -> list[str]:
    return [
        f"{step.ref.name}{': ' if step.reason else ''}{step.reason}"
        for step in due_tests(reconcile(desired, now, deletes=deletes), now, INTENT, owing)
    ]


BOTH = (deployment(), deployment("green"))
SAME = wish(endpoint(), *BOTH, traffic(blue=100))


def test_what_has_passed_owes_nothing() -> None:
    assert due(SAME, marked(*BOTH, passed=("blue", "green"))) == []


def test_what_has_no_mark_owes_its_test_and_what_failed_too() -> None:
    assert due(SAME, marked(*BOTH, passed=("green",))) == ["blue: this content has not passed this test yet"]
    assert due(SAME, marked(*BOTH, passed=("blue",), failed=("green",))) == ["green: this content failed this test"]


def test_where_nothing_is_owed_a_missing_mark_is_no_debt() -> None:
    assert due(SAME, marked(*BOTH), frozenset()) == []


def test_an_edited_expectation_is_asked() -> None:
    now = marked(*BOTH, passed=("blue", "green"))
    edited = replace(INTENT, smoke_tests={BLUE: replace(TEST, json=8), GREEN: TEST})
    (step,) = due_tests((), now, edited, OURS)
    assert step.ref == BLUE
    assert step.reason == "its test, or the checks of the rollout, changed since this content passed"


def test_what_is_changed_or_gets_traffic_is_tested_whatever_the_marks() -> None:
    now = marked(*BOTH, passed=("blue", "green"))
    changed = wish(endpoint(), deployment(model="azureml:digits:2"), deployment("green"), traffic(blue=100))
    assert due(changed, now) == ["blue"]
    assert due(wish(endpoint(), *BOTH, traffic(blue=50, green=50)), now, frozenset()) == ["green"]
    assert due(wish(endpoint(), deployment(instance_count=4), deployment("green"), traffic(blue=100)), now) == []


def test_a_repaired_update_is_tested() -> None:
    now = marked(seen(deployment(), "Failed"), passed=("blue",))
    assert due(wish(endpoint(), deployment(), traffic(blue=100)), now, frozenset()) == ["blue"]


def test_what_is_deleted_is_not_tested() -> None:
    assert (
        due(
            wish(endpoint(), deployment(), traffic(blue=100)),
            marked(*BOTH, passed=("blue",)),
            deletes=frozenset({GREEN}),
        )
        == []
    )


def test_after_the_tests_of_a_plan_nothing_is_owed() -> None:
    now = marked(*BOTH)
    for step in due_tests((), now, INTENT, OURS):
        now = simulate(now, step)
    assert due_tests((), now, INTENT, OURS) == ()


@pytest.mark.parametrize(
    ("desired", "waits"),
    [
        (SAME, {BLUE: True, GREEN: False}),
        (
            wish(endpoint(), deployment(), deployment("green", model="azureml:digits:2"), traffic(blue=100)),
            {BLUE: True, GREEN: True},
        ),
        (wish(endpoint(), *BOTH, traffic(blue=90, green=10)), {BLUE: True, GREEN: True}),
    ],
)
def test_the_rest_waits_for_all_tests_but_those_of_what_stays_idle(desired: State, waits: dict[Ref, bool]) -> None:
    now = marked(*BOTH)
    writes = reconcile(desired, now)
    tests = due_tests(writes, now, INTENT, OURS)
    assert {test.ref: gates(test, [*writes, *tests]) for test in tests} == waits


def test_a_test_knows_whether_its_deployment_serves_and_what_it_decides() -> None:
    now = marked(*BOTH)
    blue, green = due_tests((), now, INTENT, OURS)
    assert (blue.serving, green.serving) == (True, False)
    assert blue.verdict == verdict_hash(deployment(), INTENT)
    changed = deployment(model="azureml:digits:2")
    (tested, _) = due_tests((Step(action=Action.UPDATE, ref=BLUE, before=BOTH[0], after=changed),), now, INTENT, OURS)
    assert tested.verdict == verdict_hash(changed, INTENT)
