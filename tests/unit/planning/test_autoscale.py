"""Which autoscale settings go, and how many instances a revision begins with."""

from __future__ import annotations

import pytest

from deployer.core.bookkeeping import Revision
from deployer.core.plan import Action
from deployer.core.resources import Ref, State, autoscale_ref, deployment_ref, endpoint_ref
from deployer.planning.autoscale import (
    scale_bounds,
    settings_to_delete,
    with_live_counts,
    with_peak_noted,
    without_unread,
)
from deployer.planning.pins import orphans
from deployer.planning.reconcile import reconcile
from deployer.planning.revisions import NO_REVISIONS, Revisions
from tests import build
from tests.build import PROJECT, deployment, endpoint, scaling, seen, traffic

BLUE, SETTING = deployment_ref("digits", "blue"), autoscale_ref("digits", "blue")
LIVE = build.live(endpoint(), deployment(), traffic(blue=100), scaling())
DECLARED = build.wish(endpoint(), deployment(), scaling())


def goes(
    desired: State, live: State = LIVE, deletes: frozenset[Ref] = frozenset(), revisions: Revisions = NO_REVISIONS
) -> bool:
    return SETTING in settings_to_delete(desired, live, deletes, revisions, PROJECT)


def test_a_setting_goes_with_its_key_with_its_deployment_and_with_its_endpoint() -> None:
    assert not goes(DECLARED)
    assert goes(build.wish(endpoint(), deployment()))
    assert goes(build.wish(endpoint()), deletes=frozenset([BLUE]))
    assert goes(State(), deletes=frozenset([endpoint_ref("digits")]))
    assert goes(build.wish(endpoint()), revisions=Revisions(kept=frozenset([BLUE])))


def test_that_of_a_deployment_that_stays_though_no_spec_has_it_stays() -> None:
    assert not goes(build.wish(endpoint()))


@pytest.mark.parametrize("owner", ["", "other"])
def test_nobody_elses_goes(owner: str) -> None:
    live = build.live(endpoint(), deployment(), seen(scaling(), owner=owner))
    assert not goes(build.wish(endpoint(), deployment()), live)


def test_it_goes_before_its_deployment_is_scaled_and_after_the_traffic_has_moved() -> None:
    stays = reconcile(build.wish(endpoint(), deployment(instance_count=2)), LIVE, deletes=frozenset([SETTING]))
    assert [(step.action, step.ref) for step in stays] == [(Action.DELETE, SETTING), (Action.UPDATE, BLUE)]
    there = build.live(endpoint(), deployment(), deployment("green"), traffic(green=100), scaling())
    going = reconcile(build.wish(endpoint(), deployment("green")), there, deletes=frozenset([SETTING, BLUE]))
    assert [(step.action, step.ref) for step in going] == [(Action.DELETE, SETTING), (Action.DELETE, BLUE)]


def test_what_could_not_be_read_is_not_asked_for() -> None:
    unread = State(resources=LIVE.resources, unread="you may not")
    assert without_unread(DECLARED, unread).get(SETTING) is None
    assert without_unread(DECLARED, unread).get(BLUE)
    assert without_unread(DECLARED, LIVE) is DECLARED


def test_bounds_are_those_of_all_times() -> None:
    night = {"night": {"min": 1, "max": 2}, "sale": {"min": 4, "max": 9}}
    live = build.live(scaling(min=2, max=5, schedules=night), scaling("green", enabled=False))
    assert scale_bounds(BLUE, live) == (1, 9)
    assert scale_bounds(BLUE, build.live(scaling(min=2, max=5))) == (2, 5)
    assert scale_bounds(deployment_ref("digits", "green"), live) is None
    assert scale_bounds(deployment_ref("digits", "red"), live) is None


def test_orphans_are_settings_whose_deployment_is_gone() -> None:
    alone = build.live(endpoint(), scaling())
    assert orphans(build.wish(endpoint()), alone, PROJECT, "") == (SETTING,)
    assert orphans(build.wish(endpoint()), LIVE, PROJECT, "") == (BLUE,)


NEW = deployment("blue-2", instance_count=1)
REVISIONS = Revisions(revision={NEW.ref: Revision(logical="blue", content="c")})


@pytest.mark.parametrize(("serving", "most", "wanted"), [(3, 5, 3), (3, 2, 2), (1, 5, 1), (1, 1, 1)])
def test_a_revision_begins_as_large_as_what_serves_within_its_bounds(serving: int, most: int, wanted: int) -> None:
    live = build.live(endpoint(), deployment(instance_count=serving), traffic(blue=100))
    desired = build.wish(endpoint(), NEW, scaling("blue-2", max=most))
    assert with_live_counts(desired, REVISIONS, live).resources[NEW.ref].fields["instance_count"] == wanted


def test_idle_revisions_and_those_without_a_setting_count_for_nothing() -> None:
    idle = build.live(endpoint(), deployment(instance_count=4), traffic())
    desired = build.wish(endpoint(), NEW, scaling("blue-2", max=5))
    assert with_live_counts(desired, REVISIONS, idle) == desired
    bare = build.wish(endpoint(), NEW)
    assert with_live_counts(bare, REVISIONS, LIVE) == bare
    there = build.live(endpoint(), deployment(instance_count=4), NEW, traffic(blue=100))
    assert with_live_counts(desired, REVISIONS, there) == desired


def test_the_quota_at_the_maximum_is_said() -> None:
    (step,) = with_peak_noted(reconcile(build.wish(scaling(max=5)), build.live()), DECLARED)
    assert step.reason == "its maximum needs quota for 24 cores of Standard_DS3_v2 (upgrade reserve included)"
    (unknown,) = with_peak_noted(reconcile(build.wish(scaling(max=5)), build.live()), State())
    assert unknown.reason == ""
