"""Which version an asset without one is: the newest with its content, or the next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.core.drafts import Draft
from deployer.core.resources import Resource, State, state_of
from deployer.planning.numbering import numbered, with_numbered
from deployer.planning.pins import wanted, with_pinned_references
from deployer.planning.reconcile import reconcile, simulate
from tests.build import WEIGHTS, deployment, environment, model, seen, wish

OTHER = f"sha256:{'ef' * 32}"


def draft(item: Resource) -> Draft:
    """What a spec declares that has everything of `item` but its version."""
    return Draft(kind=item.ref.kind, name=item.ref.name.rpartition(":")[0], fields=item.fields)


def registered(newest: Resource, following: str = "8") -> State:
    """A workspace whose newest version of a name is this one."""
    asked = draft(newest).newest
    version = replace(asked, version=newest.ref.name.rpartition(":")[2], label="")
    return replace(state_of([newest]), references={asked: version}, next_versions={asked: following})


def version(item: Resource, live: State) -> str:
    """The version that `item`, declared without one, is in this workspace."""
    [made] = numbered([draft(item)], live)
    return made.ref.name.rpartition(":")[2]


def test_the_first_of_a_name_is_version_1() -> None:
    assert version(model(), State()) == "1"
    assert version(environment(), State()) == "1"


@pytest.mark.parametrize("newest", ["7", "3", "2026-11-27", "beta"])
def test_the_same_content_is_the_newest_version(newest: str) -> None:
    assert version(model(), registered(seen(model(newest)))) == newest


def test_other_content_is_the_next_version() -> None:
    assert version(model(path=OTHER), registered(seen(model("7")))) == "8"
    assert version(environment(image="mine:2"), registered(seen(environment("7")))) == "8"


def test_what_can_be_changed_in_a_version_makes_no_new_one() -> None:
    assert version(model(description="of digits", tags={"a": "b"}), registered(seen(model("7")))) == "7"


def test_unknown_content_makes_no_new_version_every_run() -> None:
    there = seen(model("7", path=""), unknown=(("path",),))
    assert version(model(), registered(there)) == "7"
    assert version(model(type="mlflow_model"), registered(there)) == "8"


def test_the_newest_version_and_the_next_are_asked_for() -> None:
    found = draft(model())
    assert wanted(State(), "shop", [found]).drafts == {found.newest}
    assert str(found.newest) == "azureml:digits@latest"


def test_latest_means_the_version_that_the_plan_makes() -> None:
    live = registered(seen(model("7")))
    desired = with_numbered(wish(deployment(model="azureml:digits@latest")), numbered([draft(model(path=OTHER))], live))
    pinned = with_pinned_references(desired, live)
    assert pinned.resources[deployment().ref].fields["model"] == "azureml:digits:8"


@given(st.lists(st.sampled_from([WEIGHTS, OTHER, ""]), max_size=6), st.sampled_from([WEIGHTS, OTHER]))
def test_a_second_run_finds_what_the_first_one_made(history: list[str], content: str) -> None:
    """Whatever is registered, and whether or not its content can be read."""
    there = [seen(model(str(number), path=path), **_hidden(path)) for number, path in enumerate(history, start=1)]
    live = registered(there[-1], str(len(there) + 1)) if there else State()
    declared = draft(model(path=content))
    first = with_numbered(State(), numbered([declared], live))
    steps = reconcile(first, live)
    after = live
    for step in steps:
        after = simulate(after, step)
    if steps:
        made = after.resources[steps[0].ref]
        after = registered(made, str(len(there) + 2))
    again = with_numbered(State(), numbered([declared], after))
    assert again.resources.keys() == first.resources.keys()
    assert reconcile(again, after) == ()


def _hidden(path: str) -> dict[str, Any]:
    return {} if path else {"unknown": (("path",),)}
