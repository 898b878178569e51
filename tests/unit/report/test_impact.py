"""What clients notice of each kind of step, and how risky it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.core.diff import diff
from deployer.core.intent import Checks, SmokeTest
from deployer.core.plan import Action, Bake, Step
from deployer.core.resources import Resource
from deployer.report.impact import Risk, impact
from tests.build import changed, deployment, endpoint, model, traffic

BLUE = deployment("blue")


def updated(item: Resource, *, serving: bool = True, **fields: object) -> Step:
    after = changed(item, **fields)  # type: ignore[arg-type]
    return Step(
        action=Action.UPDATE, ref=item.ref, before=item, after=after, changes=diff(item, after), serving=serving
    )


def moved(before: dict[str, int], after: dict[str, int]) -> Step:
    old, new = traffic(**before), traffic(**after)
    return Step(action=Action.UPDATE, ref=old.ref, before=old, after=new, changes=diff(old, new))


BAKE = Bake(seconds=60, checks=Checks(), probes=((deployment("green").ref, SmokeTest()),))


@pytest.mark.parametrize(
    ("step", "risk", "words"),
    [
        (Step(action=Action.CREATE, ref=model().ref, after=model()), Risk.LOW, "nothing"),
        (Step(action=Action.CREATE, ref=endpoint().ref, after=endpoint()), Risk.LOW, "a new address"),
        (Step(action=Action.DELETE, ref=endpoint().ref, before=endpoint()), Risk.HIGH, "are gone"),
        (Step(action=Action.REPLACE, ref=endpoint().ref, before=endpoint()), Risk.HIGH, "new keys"),
        (updated(endpoint(), tags={"a": "b"}), Risk.LOW, "nothing"),
        (updated(endpoint(), identity={"type": "user_assigned"}), Risk.MEDIUM, "fields"),
        (Step(action=Action.CREATE, ref=BLUE.ref, after=BLUE), Risk.LOW, "before it gets traffic"),
        (Step(action=Action.DELETE, ref=BLUE.ref, before=BLUE), Risk.MEDIUM, "nothing"),
        (Step(action=Action.REPLACE, ref=BLUE.ref, before=BLUE, serving=True), Risk.HIGH, "requests fail"),
        (Step(action=Action.REPLACE, ref=BLUE.ref, before=BLUE), Risk.LOW, "nothing"),
        (updated(BLUE, tags={"a": "b"}), Risk.LOW, "nothing"),
        (updated(BLUE, instance_count=3), Risk.MEDIUM, "capacity"),
        (updated(BLUE, serving=False, instance_count=3), Risk.LOW, "nothing"),
        (updated(BLUE, model="azureml:digits:2"), Risk.HIGH, "which nothing tests"),
        (updated(BLUE, serving=False, model="azureml:digits:2"), Risk.LOW, "before it gets traffic"),
        (moved({}, {"green": 100}), Risk.LOW, "the first answers, of green"),
        (moved({"blue": 100}, {"blue": 90, "green": 10}), Risk.HIGH, "green answers 10 % instead of 0 %"),
        (replace(moved({"blue": 100}, {"blue": 90, "green": 10}), bake=BAKE), Risk.LOW, "green answers"),
        (moved({"blue": 100}, {"blue": 90}), Risk.MEDIUM, "fewer deployments"),
        (Step(action=Action.TEST, ref=BLUE.ref), Risk.LOW, "one request"),
    ],
)
def test_what_clients_notice_of_a_step(step: Step, risk: Risk, words: str) -> None:
    found = impact(step, frozenset())
    assert (found.risk, words in found.notice) == (risk, True), found


def test_a_test_lowers_the_risk() -> None:
    tested = frozenset([BLUE.ref, deployment("green").ref])
    assert impact(updated(BLUE, model="azureml:digits:2"), tested).risk is Risk.MEDIUM
    assert impact(moved({"blue": 100}, {"blue": 90, "green": 10}), tested).risk is Risk.MEDIUM
