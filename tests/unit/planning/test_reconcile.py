"""reconcile and simulate: what specs leave open, what is replaced, what is deleted."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import pytest

from deployer.core.bookkeeping import Bookkeeping
from deployer.core.diagnostics import Location
from deployer.core.fingerprint import fingerprint
from deployer.core.intent import Origins
from deployer.core.plan import Action, Step
from deployer.core.resources import Ref, Resource, State, Value, deployment_ref, dotted, endpoint_ref, traffic_ref
from deployer.planning.reconcile import reconcile, simulate
from tests.build import deployment, endpoint, live, model, seen, traffic, wish

BLUE, GREEN = deployment_ref("digits", "blue"), deployment_ref("digits", "green")


def words(steps: tuple[Step, ...]) -> list[str]:
    return [f"{step.action} {step.ref}" for step in steps]


def only(steps: tuple[Step, ...]) -> Step:
    assert len(steps) == 1, words(steps)
    return steps[0]


def after(step: Step) -> Resource:
    assert step.after is not None
    return step.after


def test_an_ignored_field_is_never_compared_and_keeps_its_live_value() -> None:
    ignored = {BLUE: (("instance_count",), ("tags", "owner"))}
    there = live(deployment(instance_count=7, tags={"owner": "autoscale", "task": "digits"}))
    same = wish(deployment(instance_count=1, tags={"task": "digits"}))
    assert reconcile(same, there, ignored=ignored) == ()
    step = only(reconcile(wish(deployment(tags={"task": "other"})), there, ignored=ignored))
    assert [change.path for change in step.changes] == [("tags", "task")]
    assert after(step).fields["instance_count"] == 7
    assert after(step).fields["tags"] == {"owner": "autoscale", "task": "other"}
    assert step.ignore == ignored[BLUE]


def test_an_ignored_field_stays_absent_where_it_is_absent() -> None:
    ignored = {BLUE: (("tags", "owner"), ("tags", "cost.center"))}
    there = live(deployment(tags={"task": "digits"}))
    desired = wish(deployment(tags={"task": "digits", "owner": "a", "cost.center": "1"}))
    assert reconcile(desired, there, ignored=ignored) == ()
    kept = live(deployment(tags={"task": "digits", "cost.center": "2"}))
    assert reconcile(desired, kept, ignored=ignored) == ()


def test_an_ignored_field_of_something_new_has_the_value_of_the_specs() -> None:
    step = only(reconcile(wish(deployment(instance_count=3)), State(), ignored={BLUE: (("instance_count",),)}))
    assert after(step).fields["instance_count"] == 3


def test_undeclared_traffic_needs_no_step_whatever_it_is() -> None:
    assert reconcile(wish(endpoint()), live(endpoint(), traffic(blue=30, green=70))) == ()


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"traffic": {"green": 100}}, {"traffic": {"green": 100}, "mirror_traffic": {"red": 10}}),
        ({"mirror_traffic": {}}, {"traffic": {"blue": 100}, "mirror_traffic": {}}),
        (
            {"traffic": {"green": 100}, "mirror_traffic": {"blue": 5}},
            {"traffic": {"green": 100}, "mirror_traffic": {"blue": 5}},
        ),
    ],
)
def test_of_traffic_and_mirror_only_the_declared_one_changes(
    declared: dict[str, Value], expected: dict[str, Value]
) -> None:
    there = live(endpoint(), traffic(mirror={"red": 10}, blue=100))
    step = only(reconcile(wish(endpoint(), Resource(ref=traffic_ref("digits"), fields=declared)), there))
    assert after(step).fields == expected


def test_declared_properties_are_added_and_those_of_others_are_sent_back() -> None:
    there = live(endpoint(properties={"theirs": "1", "ours": "old"}))
    assert reconcile(wish(endpoint()), there) == ()
    step = only(reconcile(wish(endpoint(properties={"ours": "new"})), there))
    assert [change.path for change in step.changes] == [("properties", "ours")]
    assert after(step).fields["properties"] == {"theirs": "1", "ours": "new"}


def test_a_tag_that_left_the_specs_is_taken_away() -> None:
    step = only(reconcile(wish(endpoint()), live(endpoint(tags={"owner": "me"}))))
    assert after(step).fields["tags"] == {}


@pytest.mark.parametrize(("was", "wanted", "steps"), [(False, True, 1), (True, True, 0), (True, False, 1)])
def test_protection_is_a_change_of_its_own(was: bool, wanted: bool, steps: int) -> None:
    found = reconcile(wish(endpoint(**{"x-protect": wanted})), live(endpoint(**{"x-protect": was})))
    assert len(found) == steps
    assert all([dotted(change.path) for change in step.changes] == ["x-protect"] for step in found)


def test_a_deployment_whose_creation_failed_is_replaced_although_nothing_else_changed() -> None:
    there = live(endpoint(), deployment(), seen(deployment("green"), "Failed"), traffic(blue=100))
    desired = wish(endpoint(), deployment(), deployment("green"))
    assert words(reconcile(desired, there)) == ["-/+ deployment digits/green"]


def test_a_failed_deployment_that_serves_is_updated_in_place_and_never_deleted() -> None:
    there = live(endpoint(), seen(deployment(), "Failed"), traffic(blue=100))
    assert words(reconcile(wish(endpoint(), deployment()), there)) == ["~ deployment digits/blue"]


def test_an_endpoint_whose_creation_failed_is_replaced() -> None:
    there = live(seen(endpoint(), "Failed"), traffic())
    desired = wish(endpoint(), deployment(), traffic(blue=100))
    steps = reconcile(desired, there)
    assert words(steps) == ["-/+ endpoint digits", "+ deployment digits/blue", "~ traffic digits"]


@pytest.mark.parametrize(
    "kept", [[deployment(), traffic()], [traffic()]], ids=["it has a deployment", "it has an address"]
)
def test_an_endpoint_that_was_created_is_repaired_and_never_deleted(kept: list[Resource]) -> None:
    there = live(seen(endpoint(), "Failed", scoring_uri="" if kept[1:] else "https://digits/score"), *kept)
    assert words(reconcile(wish(endpoint(), deployment()), there))[0] == "~ endpoint digits"


def test_a_failed_deployment_that_gets_a_mirror_of_the_traffic_is_updated_in_place() -> None:
    there = live(endpoint(), deployment(), seen(deployment("green"), "Failed"), traffic(mirror={"green": 10}, blue=100))
    desired = wish(endpoint(), deployment(), deployment("green"))
    assert words(reconcile(desired, there)) == ["~ deployment digits/green"]


def test_a_failed_endpoint_that_serves_is_updated() -> None:
    there = live(seen(endpoint(), "Failed"), deployment(), traffic(blue=100))
    assert words(reconcile(wish(endpoint(), deployment()), there)) == ["~ endpoint digits"]


def test_what_left_the_specs_stays_unless_it_is_doomed_and_then_goes_last() -> None:
    there = live(endpoint(), deployment(), deployment("green"), traffic(green=100))
    desired = wish(endpoint(tags={"a": "1"}), deployment(), traffic(blue=100))
    assert words(reconcile(desired, there)) == ["~ endpoint digits", "~ traffic digits"]
    steps = reconcile(desired, there, deletes=frozenset({GREEN}))
    assert words(steps) == ["~ endpoint digits", "~ traffic digits", "- deployment digits/green"]


def test_a_version_of_an_asset_that_left_the_specs_is_never_touched() -> None:
    assert reconcile(State(), live(model())) == ()


def test_content_that_cannot_be_read_is_not_a_difference() -> None:
    unread = seen(model(path=None), unknown=(("path",),))
    assert reconcile(wish(model()), live(unread)) == ()
    described = only(reconcile(wish(model(description="new")), live(unread)))
    assert [change.path for change in described.changes] == [("description",)]


def test_an_endpoint_is_born_with_traffic_to_nobody() -> None:
    born = simulate(State(), Step(action=Action.CREATE, ref=endpoint_ref("digits"), after=endpoint()))
    assert born.get(traffic_ref("digits")) is not None
    assert born.split("digits") == {}


def test_an_endpoint_takes_everything_it_has_with_it() -> None:
    there = live(endpoint(), deployment(), traffic(blue=100))
    gone = simulate(there, Step(action=Action.DELETE, ref=endpoint_ref("digits"), before=endpoint()))
    assert gone == State()


def test_traffic_whose_last_change_failed_is_put_right_by_its_endpoint_alone() -> None:
    there = live(seen(endpoint(), "Failed"), deployment(), seen(traffic(blue=100), "Failed"))
    desired = wish(endpoint(), deployment(), traffic(blue=100))
    assert words(reconcile(desired, there)) == ["~ endpoint digits"]


def test_an_endpoint_that_was_put_right_does_not_make_a_plan_for_its_traffic_stale() -> None:
    split = traffic(mirror={}, blue=100)
    assert fingerprint(seen(split, "Failed")) == fingerprint(seen(split))
    assert fingerprint(seen(endpoint(), "Failed")) != fingerprint(seen(endpoint()))


def test_what_only_the_workspace_knows_outlives_an_update_and_not_a_replacement() -> None:
    there = seen(deployment(), "Failed", scoring_uri="https://a")
    for action, uri in ((Action.UPDATE, "https://a"), (Action.REPLACE, "")):
        step = Step(action=action, ref=BLUE, before=there, after=deployment(instance_count=2))
        found = simulate(live(endpoint(), there), step).get(BLUE)
        assert found is not None
        assert (found.seen.provisioning_state, found.seen.scoring_uri) == ("Succeeded", uri)


def test_a_rollout_is_forgotten_by_the_next_write_that_does_not_go_on_with_it() -> None:
    noted = Bookkeeping(previous_split={"blue": 100}, rollout="mark:10")
    before = seen(traffic(blue=90, green=10), bookkeeping=noted)
    step = Step(action=Action.UPDATE, ref=before.ref, before=before, after=traffic(blue=100))
    assert simulate(live(before), step).resources[before.ref].seen.bookkeeping == Bookkeeping()
    went_on = simulate(live(before), replace(step, bookkeeping=noted))
    assert went_on.resources[before.ref].seen.bookkeeping == noted


def test_a_new_endpoint_gets_its_traffic_in_a_step_that_starts_from_nobody() -> None:
    steps = reconcile(wish(endpoint(), deployment(), traffic(blue=100)), State())
    assert [change.path for change in steps[-1].changes] == [("traffic", "blue")]
    assert steps[-1].before == traffic(mirror={})


def test_an_undeclared_mirror_of_a_new_endpoint_is_nobody() -> None:
    (*_, step) = reconcile(wish(endpoint(), traffic(blue=100)), State())
    assert after(step).fields == {"traffic": {"blue": 100}, "mirror_traffic": {}}


def test_a_change_points_to_its_field_and_several_to_their_resource() -> None:
    whole, field = Location(file="blue.yml", line=1), Location(file="blue.yml", line=7)
    origins = Origins(places={BLUE: {(): whole, ("instance_count",): field}})
    one = reconcile(wish(deployment(instance_count=2)), live(deployment()), origins=origins)
    several = reconcile(wish(deployment(instance_count=2, tags={"a": "b"})), live(deployment()), origins=origins)
    assert (only(one).origin, only(several).origin) == (field, whole)


@pytest.mark.parametrize(
    ("deleted", "mirror"), [(GREEN, {}), (BLUE, {"green": 10}), (deployment_ref("prices", "green"), {"green": 10})]
)
def test_a_mirror_ends_with_its_deployment_and_with_no_other(deleted: Ref, mirror: dict[str, int]) -> None:
    there = live(endpoint(), deployment(), deployment("green"), deployment("green", "prices"))
    there = live(*there.resources.values(), traffic(mirror={"green": 10}, red=100))
    steps = reconcile(wish(endpoint()), there, deletes=frozenset({deleted}))
    end = reduce(simulate, steps, there)
    assert end.get(traffic_ref("digits")) == traffic(mirror=mirror, red=100)
    assert words(steps) == ["~ traffic digits"] * (mirror == {}) + [f"- {deleted}"]


def test_a_deployment_of_an_endpoint_without_traffic_is_deleted_all_the_same() -> None:
    steps = reconcile(State(), live(deployment()), deletes=frozenset({BLUE}))
    assert words(steps) == ["- deployment digits/blue"]
    assert only(steps).before == deployment()


def test_nothing_new_is_marked_as_ignored_or_changed_elsewhere() -> None:
    ignored = {GREEN: (("instance_count",),)}
    steps = reconcile(wish(deployment(), deployment("green")), State(), ignored=ignored)
    assert [(step.ref.name, step.ignore) for step in steps] == [("blue", ()), ("green", (("instance_count",),))]


def test_an_ignored_field_that_is_not_live_stays_absent_from_a_write() -> None:
    there = live(deployment(tags={}, environment_variables={"A": "1"}))
    desired = wish(deployment(tags={"owner": "me"}, environment_variables={"A": "2"}))
    step = only(reconcile(desired, there, ignored={BLUE: (("tags", "owner"),)}))
    assert after(step).fields["tags"] == {}


def test_a_failed_asset_is_written_again_and_never_replaced() -> None:
    assert words(reconcile(wish(model()), live(seen(model(), "Failed")))) == ["~ model digits:1"]


@pytest.mark.parametrize(
    ("action", "item", "left"),
    [
        (Action.TEST, deployment(), {BLUE, GREEN, endpoint_ref("digits"), traffic_ref("digits")}),
        (Action.DELETE, deployment(), {GREEN, endpoint_ref("digits"), traffic_ref("digits")}),
        (Action.DELETE, endpoint(), set()),
        (Action.REPLACE, endpoint(), {endpoint_ref("digits"), traffic_ref("digits")}),
    ],
)
def test_what_is_left_after_a_step(action: Action, item: Resource, left: set[Ref]) -> None:
    there = live(endpoint(), deployment(), deployment("green"), traffic(blue=100))
    new = None if action in (Action.TEST, Action.DELETE) else item
    end = simulate(there, Step(action=action, ref=item.ref, before=item, after=new))
    assert set(end.resources) == left
    assert end.split("digits") == ({"blue": 100} if BLUE in left or GREEN in left else {})


def test_a_new_endpoint_has_traffic_of_its_own_and_a_changed_one_keeps_its_own() -> None:
    new = simulate(State(), Step(action=Action.CREATE, ref=endpoint_ref("digits"), after=endpoint()))
    assert new.get(traffic_ref("digits")) == traffic(mirror={})
    there = live(endpoint(), traffic(blue=100))
    changed = simulate(there, Step(action=Action.UPDATE, ref=endpoint_ref("digits"), after=endpoint(tags={"a": "b"})))
    assert changed.split("digits") == {"blue": 100}
    alone = simulate(State(), Step(action=Action.CREATE, ref=BLUE, after=deployment()))
    assert set(alone.resources) == {BLUE}


def test_a_value_that_stands_in_a_spec_is_told_from_one_that_is_meant_by_leaving_it_out() -> None:
    place = Location(file="specs/deployment-blue.yml")
    origins = Origins(places={BLUE: {(): place, ("instance_count",): place}})
    there = live(deployment(instance_count=4, app_insights_enabled=True))
    step = only(reconcile(wish(deployment(instance_count=1)), there, origins=origins))
    assert {change.path: change.written for change in step.changes} == {
        ("instance_count",): True,
        ("app_insights_enabled",): False,
    }
