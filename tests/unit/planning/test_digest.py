"""The digest of a plan: it moves with what was decided and what it was decided on, and with nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.core.intent import ANYTHING, Anything, Checks, Intent, Rollout, SmokeTest
from deployer.core.plan import Plan
from deployer.core.redaction import mask_of
from deployer.core.resources import KeyPath, State, Value, deployment_ref
from deployer.planning.digest import with_digest
from deployer.planning.reconcile import reconcile
from deployer.planning.rollout import with_tests_and_stages
from tests.build import deployment, endpoint, live, traffic, wish

SECRET = "a-very-secret-value"
BLUE = deployment_ref("digits", "blue")


TEST = SmokeTest(request="r.json", body_hash="11")
ROLLOUT = Rollout(steps=(10, 100), bake_seconds=60)
DESIRED = wish(endpoint(), deployment(instance_count=2), traffic(blue=100))
LIVE = live(endpoint(), deployment(), traffic())


def digest(
    desired: State = DESIRED,
    there: State = LIVE,
    *,
    test: SmokeTest = TEST,
    rollout: Rollout = ROLLOUT,
    ignored: tuple[KeyPath, ...] = (),
    secrets: frozenset[str] = frozenset(),
    env: str = "prod",
) -> str:
    intent = Intent(smoke_tests={BLUE: test}, rollouts={"digits": rollout}, ignored={BLUE: ignored})
    steps = with_tests_and_stages(reconcile(desired, there, ignored={BLUE: ignored}), there, intent)
    kept = tuple(sorted(desired.resources.keys() - {step.ref for step in steps}))
    plan = Plan(env=env, project="shop", steps=steps, unchanged=kept)
    return with_digest(plan, desired, mask_of(secrets).value).digest


def asked(**fields: Value) -> State:
    return wish(endpoint(), deployment(**{"instance_count": 2, **fields}), traffic(blue=100))


def test_the_same_is_sealed_the_same() -> None:
    assert digest() == digest()
    assert len(digest()) == 16


@pytest.mark.parametrize(
    "other",
    [
        lambda: digest(asked(instance_count=3)),
        lambda: digest(asked(environment_variables={"A": "1"})),
        lambda: digest(wish(endpoint(description="new"), deployment(instance_count=2), traffic(blue=100))),
        lambda: digest(there=live(endpoint(), deployment(instance_count=5), traffic())),
        lambda: digest(there=live(endpoint(), deployment(environment_variables={"A": "1"}), traffic())),
        lambda: digest(there=live(endpoint(), traffic())),
        lambda: digest(there=live(endpoint(), deployment(), traffic(green=100))),
        lambda: digest(test=replace(TEST, body_hash="22")),
        lambda: digest(test=replace(TEST, json=None)),
        lambda: digest(test=replace(TEST, max_ms=5)),
        lambda: digest(test=replace(TEST, subset=5)),
        lambda: digest(test=replace(TEST, tolerance=5)),
        lambda: digest(rollout=replace(ROLLOUT, bake_seconds=1)),
        lambda: digest(rollout=replace(ROLLOUT, checks=Checks(min_requests=1))),
        lambda: digest(env="dev"),
        lambda: digest(test=replace(TEST, status=201)),
        lambda: digest(rollout=replace(ROLLOUT, checks=Checks(max_p95_ms=1))),
        lambda: digest(desired=wish(endpoint(), deployment(instance_count=2), deployment("green"), traffic(blue=100))),
        lambda: digest(desired=wish(deployment(instance_count=2), traffic(blue=100))),
    ],
)
def test_what_is_wanted_and_what_is_live_are_sealed(other: object) -> None:
    assert callable(other)
    assert other() != digest()


def test_each_expected_answer_is_sealed_as_itself() -> None:
    answers: list[Value | Anything] = [ANYTHING, None, [], 7, 8, "anything"]
    assert len({digest(test=replace(TEST, json=answer)) for answer in answers}) == len(answers)


def test_a_deletion_is_sealed_and_what_it_deletes() -> None:
    there = live(endpoint(), deployment(), deployment("green"))

    def deleting(*names: str, state: State = there) -> str:
        deletes = frozenset(deployment_ref("digits", name) for name in names)
        steps = reconcile(wish(endpoint()), state, deletes=deletes)
        return with_digest(Plan(env="prod", project="shop", steps=steps), State(), mask_of(frozenset()).value).digest

    other = live(endpoint(), deployment(instance_count=9), deployment("green"))
    assert len({deleting("blue"), deleting("green"), deleting(), deleting("blue", state=other)}) == 4


def test_the_stages_of_a_rollout_are_sealed() -> None:
    desired, there = (
        wish(endpoint(), deployment(), traffic(blue=100)),
        live(endpoint(), deployment(), traffic(green=100)),
    )
    assert digest(desired, there, rollout=replace(ROLLOUT, steps=(50, 100))) != digest(desired, there)


def test_a_rotated_secret_leaves_a_reviewed_plan_valid() -> None:
    rotated = "another-secret-value"
    secrets = frozenset({SECRET, rotated})
    before = digest(asked(environment_variables={"TOKEN": SECRET}), secrets=secrets)
    assert digest(asked(environment_variables={"TOKEN": rotated}), secrets=secrets) == before
    assert digest(asked(environment_variables={"TOKEN": "public"}), secrets=secrets) != before


def test_an_ignored_field_that_moves_leaves_a_reviewed_plan_valid() -> None:
    def scaled(count: int) -> str:
        there = live(endpoint(), deployment(instance_count=count), traffic())
        return digest(asked(environment_variables={"A": "1"}), there, ignored=(("instance_count",),))

    assert scaled(3) == scaled(9)
    there = live(endpoint(), deployment(instance_count=3, environment_variables={"B": "1"}), traffic())
    assert digest(asked(environment_variables={"A": "1"}), there, ignored=(("instance_count",),)) != scaled(3)


def test_the_goal_is_what_the_specs_ask_for_whatever_is_live() -> None:
    def goal(desired: State, secrets: frozenset[str] = frozenset()) -> str:
        return with_digest(Plan(env="prod", project="shop"), desired, mask_of(secrets).value).goal

    assert goal(DESIRED) == goal(wish(traffic(blue=100), deployment(instance_count=2), endpoint()))
    assert goal(DESIRED) != goal(wish(endpoint(), deployment(instance_count=3), traffic(blue=100)))
    old, new = (deployment(environment_variables={"KEY": value}) for value in (SECRET, "another-secret-value"))
    assert goal(wish(old), frozenset({SECRET})) == goal(wish(new), frozenset({"another-secret-value"}))
