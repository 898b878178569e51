"""The quota of a step, in cores: what a deployment takes, with the fifth that Azure reserves for upgrades."""

from __future__ import annotations

import pytest

from deployer.core.diff import diff
from deployer.core.plan import Action, Step
from deployer.core.resources import Resource
from deployer.planning.quota import with_quota_note
from deployer.planning.vm_sizes import cores_needed
from tests.build import deployment, endpoint


@pytest.mark.parametrize(
    ("size", "instances", "cores"),
    [
        ("Standard_DS3_v2", 1, 8),
        ("standard_ds3_v2", 5, 24),
        ("Standard_DS3_v2", 6, 32),
        ("Standard_DS3_v2", 10, 48),
        ("Standard_DS3_v2", 50, 240),
        ("Standard_NC24ads_A100_v4", 3, 72),
        ("Standard_Unheard_of", 1, None),
    ],
)
def test_cores_are_those_of_the_instances_and_of_the_reserve(size: str, instances: int, cores: int | None) -> None:
    assert cores_needed(size, instances) == cores


def note(action: Action, after: Resource | None, before: Resource | None = None, reason: str = "") -> str:
    changes = diff(before, after) if after else ()
    ref = (after or before or deployment()).ref
    return with_quota_note(
        Step(action=action, ref=ref, before=before, after=after, changes=changes, reason=reason)
    ).reason


TWO = "needs quota for 12 cores of Standard_DS3_v2 (upgrade reserve included)"


@pytest.mark.parametrize("action", [Action.CREATE, Action.REPLACE])
def test_what_is_made_takes_quota(action: Action) -> None:
    assert note(action, deployment(instance_count=2)) == TWO


def test_a_reason_that_is_there_stays() -> None:
    assert (
        note(Action.REPLACE, deployment(instance_count=2), reason="its creation failed")
        == f"its creation failed; {TWO}"
    )


def test_an_update_takes_quota_when_it_changes_the_machines() -> None:
    assert note(Action.UPDATE, deployment(instance_count=2), deployment()) == TWO
    assert (
        note(Action.UPDATE, deployment(instance_count=2), deployment(instance_type="standard_f4s_v2", instance_count=2))
        == TWO
    )
    assert note(Action.UPDATE, deployment(tags={"a": "b"}), deployment()) == ""


def test_a_scale_down_needs_none_unless_the_size_changes_too() -> None:
    assert note(Action.UPDATE, deployment(instance_count=2), deployment(instance_count=5)) == ""
    other = deployment(instance_type="standard_f4s_v2", instance_count=5)
    assert note(Action.UPDATE, deployment(instance_count=2), other) == TWO


def test_what_takes_no_machines_of_azure_says_nothing() -> None:
    assert note(Action.DELETE, None, deployment()) == ""
    assert note(Action.TEST, deployment()) == ""
    assert note(Action.CREATE, endpoint()) == ""
    assert note(Action.CREATE, deployment(type="kubernetes")) == ""
    assert note(Action.CREATE, deployment(instance_type="standard_unheard_of")) == ""
