"""Machines before, at the peak and after: what exists side by side counts."""

from __future__ import annotations

from deployer.core.plan import Action, Plan, Step
from deployer.core.resources import Resource, State
from deployer.planning.capacity import Capacity, Machines, capacity
from tests.build import changed, deployment, endpoint, live


def made(item: Resource) -> Step:
    return Step(action=Action.CREATE, ref=item.ref, after=item)


def gone(item: Resource) -> Step:
    return Step(action=Action.DELETE, ref=item.ref, before=item)


def rows(state: State, *steps: Step) -> list[tuple[str, list[int], list[int | None]]]:
    return [
        (row.before.size, [part.instances for part in parts(row)], [part.cores for part in parts(row)])
        for row in capacity(Plan(env="dev", project="shop", steps=steps), state)
    ]


def parts(row: Capacity) -> tuple[Machines, ...]:
    return (row.before, row.peak, row.after)


BLUE = deployment("blue", instance_count=2)
GREEN = deployment("green", instance_count=2)


def test_a_new_deployment_beside_the_old_one_is_the_peak() -> None:
    found = rows(live(endpoint(), BLUE), made(GREEN), gone(BLUE))
    assert found == [("Standard_DS3_v2", [2, 4, 2], [12, 24, 12])]


def test_sizes_are_counted_apart_in_their_usual_spelling() -> None:
    other = changed(GREEN, instance_type="STANDARD_DS2_V2", instance_count=1)
    assert rows(live(endpoint(), BLUE), made(other)) == [("Standard_DS2_v2", [0, 1, 1], [0, 4, 4])]


def test_quota_of_a_size_that_is_not_known_is_not_known() -> None:
    assert rows(live(endpoint()), made(changed(BLUE, instance_type="Standard_New")))[0][2] == [0, None, None]


def test_endpoints_that_the_plan_does_not_touch_do_not_count() -> None:
    elsewhere = deployment("blue", "prices", instance_count=9)
    assert rows(live(endpoint(), endpoint("prices"), elsewhere), made(BLUE))[0][1] == [0, 2, 2]


def test_nothing_is_shown_where_the_machines_stay() -> None:
    tagged = Step(action=Action.UPDATE, ref=BLUE.ref, before=BLUE, after=changed(BLUE, tags={"a": "b"}))
    assert rows(live(endpoint(), BLUE), tagged) == []
