"""Two envs of the same specs: resources are paired by their place in the files, whatever they are called."""

from __future__ import annotations

from deployer.core.action import Action
from deployer.core.diagnostics import Location
from deployer.core.intent import Origins
from deployer.core.resources import Resource, asset_ref, state_of
from deployer.planning.env_differences import Placed, env_differences, placed
from tests.build import deployment, endpoint, model


def side(**files: Resource | list[Resource]) -> Placed:
    """Resources by the file that declares them."""
    items = [(file, item) for file, found in files.items() for item in (found if isinstance(found, list) else [found])]
    origins = Origins(places={item.ref: {(): Location(file=file)} for file, item in items})
    return placed(state_of([item for _, item in items]), origins)


def changes(one: Placed, other: Placed) -> list[tuple[Action, str, list[str]]]:
    plan = env_differences(one, other, env="prod", project="shop")
    return [(step.action, str(step.ref), [".".join(change.path) for change in step.changes]) for step in plan.steps]


def test_names_with_the_env_in_them_are_no_difference() -> None:
    dev = side(a=endpoint("digits-dev"), b=deployment("blue", "digits-dev", instance_count=1))
    prod = side(a=endpoint("digits-prod"), b=deployment("blue", "digits-prod", instance_count=3))
    assert changes(dev, prod) == [(Action.UPDATE, "deployment digits-prod/blue", ["instance_count"])]
    assert changes(dev, dev) == []


def test_what_one_env_lacks_is_a_difference() -> None:
    dev, prod = side(a=endpoint("one")), side(a=endpoint("one"), b=deployment("blue", "one"))
    assert [row[:2] for row in changes(dev, prod)] == [(Action.CREATE, "deployment one/blue")]
    assert [row[:2] for row in changes(prod, dev)] == [(Action.DELETE, "deployment one/blue")]


def test_several_of_a_kind_in_a_file_are_paired_in_their_order() -> None:
    dev = side(a=[endpoint("one-dev"), endpoint("two-dev")])
    prod = side(a=[endpoint("one-prod"), endpoint("two-prod", description="second")])
    assert changes(dev, prod) == [(Action.UPDATE, "endpoint two-prod", ["description"])]


def test_models_without_a_name_differ_in_their_deployments_alone() -> None:
    unnamed = Resource(ref=asset_ref(model().ref.kind, "ab" * 32, "1"), fields={})
    assert side(a=unnamed) == {}
    assert len(side(a=model())) == 1
