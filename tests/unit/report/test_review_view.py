"""What a reviewer decides from, for plans of one kind each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.core.diff import diff
from deployer.core.plan import Action, Plan, Step
from deployer.core.prices import Prices
from deployer.core.resources import Resource, State
from deployer.report.review_view import Place, ReviewView, review_view
from tests.build import changed, deployment, endpoint, live, model, seen, traffic

OLD, NEW = model("1"), changed(model("2"), description="trained in May", tags={"f1": "0.98", "owner": "pat"})
BLUE, GREEN = deployment("blue", model="azureml:digits:1"), deployment("green", model="azureml:digits:2")
SERVED = live(endpoint(), BLUE, traffic(blue=100), OLD)


def made(item: Resource) -> Step:
    return Step(action=Action.CREATE, ref=item.ref, after=item)


def updated(item: Resource, **fields: object) -> Step:
    after = changed(item, **fields)  # type: ignore[arg-type]
    return Step(action=Action.UPDATE, ref=item.ref, before=item, after=after, changes=diff(item, after))


def review(
    state: State, *steps: Step, prices: Prices | None = None, secret: str = "", local: bool = False
) -> ReviewView:
    plan = Plan(env="dev", project="shop", steps=steps)
    secrets = frozenset([secret] if secret else [])
    return review_view(plan, state, place=Place(), tested=frozenset(), is_local=local, prices=prices, secrets=secrets)


def test_the_model_of_a_new_deployment_is_compared_with_the_one_that_serves() -> None:
    (row,) = review(SERVED, made(NEW), made(GREEN)).models
    assert (row.before, row.after) == ("azureml:digits:1 (blue, which serves)", "azureml:digits:2")
    assert row.about == "trained in May; f1=0.98, owner=pat"


def test_the_model_of_an_updated_deployment_is_compared_with_its_own() -> None:
    (row,) = review(
        replace(SERVED, resources={**SERVED.resources, NEW.ref: NEW}), updated(BLUE, model="azureml:digits:2")
    ).models
    assert (row.before, row.about) == ("azureml:digits:1", "trained in May; f1=0.98, owner=pat")
    assert review(SERVED, updated(BLUE, instance_count=3)).models == ()


def test_the_job_that_made_a_model_is_named() -> None:
    trained = seen(NEW, job="brave_lemon_7x")
    (row,) = review(
        replace(SERVED, resources={**SERVED.resources, NEW.ref: trained}), updated(BLUE, model="azureml:digits:2")
    ).models
    assert row.about == "trained in May; f1=0.98, owner=pat; made by job brave_lemon_7x"


def test_the_first_model_has_none_before_and_a_secret_in_a_tag_is_masked() -> None:
    (row,) = review(live(endpoint()), made(NEW), made(GREEN), secret="trained in May").models
    assert (row.before, row.about) == ("none", "(sensitive); f1=0.98, owner=pat")


def test_time_is_expected_of_azure_alone() -> None:
    assert review(SERVED, made(GREEN)).minutes.startswith("9 to 20 minutes, by what")
    assert review(SERVED, made(GREEN), local=True).minutes == ""
    assert review(SERVED).minutes == ""


@pytest.mark.parametrize(
    ("per_hour", "cost"),
    [
        ({"standard_ds3_v2": 1.0}, "+730 EUR a month by prices.yml"),
        ({}, "+0 EUR a month by prices.yml; no price is given for Standard_DS3_v2"),
    ],
)
def test_costs_are_those_of_the_projects_own_table(per_hour: dict[str, float], cost: str) -> None:
    assert review(SERVED, made(GREEN), prices=Prices(currency="EUR", per_hour=per_hour)).cost == cost


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (updated(traffic(blue=100), traffic={"green": 100}), "`deployer rollback`"),
        (updated(BLUE, model="azureml:digits:2"), "put back by the same apply"),
        (updated(BLUE, instance_count=3), "Instances and metadata"),
        (Step(action=Action.DELETE, ref=endpoint().ref, before=endpoint()), "comes back with new keys"),
    ],
)
def test_each_kind_of_change_has_its_way_back(step: Step, words: str) -> None:
    (line,) = review(SERVED, step).undo
    assert words in line


def test_stages_are_told_apart() -> None:
    steps = [
        replace(updated(traffic(blue=100), traffic={"green": 10, "blue": 90}), stage=(number, 2)) for number in (1, 2)
    ]
    shown = review(SERVED, *steps)
    assert [row.change for row in shown.impacts] == ["step 1 of 2", "step 2 of 2"]
    assert shown.traffic[0].stages == ("now", "step 1 of 2", "step 2 of 2")
    assert shown.traffic[0].shares == {"blue": (100, 90, 90), "green": (0, 10, 10)}
