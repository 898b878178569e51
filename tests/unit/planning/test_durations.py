"""Expected times: what is done side by side counts once, stages and waits count each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.core.intent import Checks
from deployer.core.plan import Action, Bake, Step
from deployer.planning.durations import Duration, expected
from tests.build import deployment, endpoint, environment, model, traffic

BLUE, GREEN = (
    Step(action=Action.CREATE, ref=deployment(name).ref, after=deployment(name)) for name in ("blue", "green")
)
STAGE = Step(action=Action.UPDATE, ref=traffic().ref, after=traffic(blue=100))


def test_deployments_side_by_side_take_as_long_as_one() -> None:
    assert expected([BLUE, GREEN]) == expected([BLUE]) == Duration(least=540, most=1200, waits=0)


def test_stages_follow_each_other_and_their_waits_are_added() -> None:
    waiting = replace(STAGE, bake=Bake(seconds=300, checks=Checks(), probes=()))
    assert expected([waiting, waiting]) == Duration(least=40, most=120, waits=600)


@pytest.mark.parametrize("item", [endpoint(), deployment(), traffic(), model(), environment()])
@pytest.mark.parametrize("action", Action)
def test_every_step_has_a_range(item: object, action: Action) -> None:
    found = expected([Step(action=action, ref=item.ref)])  # type: ignore[attr-defined]
    assert 0 < found.least < found.most


def test_nothing_takes_no_time() -> None:
    assert expected([]) == Duration(least=0, most=0, waits=0)
