"""Verdicts: what they are about, and what changes them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.core.bookkeeping import Bookkeeping
from deployer.core.intent import Checks, Intent, Rollout, SmokeTest
from deployer.core.plan_options import Allow
from deployer.core.resources import Resource, State, Value, deployment_ref
from deployer.planning.verdicts import (
    Standing,
    about,
    content_hash,
    owing_endpoints,
    same_content,
    standing,
    verdict_hash,
)
from tests import build
from tests.build import changed, deployment, endpoint, live, seen, traffic

BLUE = deployment_ref("digits", "blue")
TEST = SmokeTest(request="request.json", body_hash="ab", json=7)
INTENT = Intent(smoke_tests={BLUE: TEST})


@pytest.mark.parametrize(
    ("fields", "is_content"),
    [
        ({"model": "azureml:digits:2"}, True),
        ({"environment": "azureml:sklearn:4"}, True),
        ({"environment_variables": {"WORKERS": "2"}}, True),
        ({"instance_type": "standard_f2s_v2"}, True),
        ({"request_settings": {"request_timeout_ms": 90000}}, True),
        ({"instance_count": 7}, False),
        ({"tags": {"team": "vision"}}, False),
        ({"description": "new"}, False),
        ({"properties": {"a": "b"}}, False),
    ],
)
def test_content_is_what_can_change_the_answers(fields: dict[str, Value], is_content: bool) -> None:
    before = deployment()
    assert (content_hash(before) != content_hash(build.deployment(**fields))) is is_content


def test_the_hashes_of_earlier_releases_are_still_the_hashes() -> None:
    """A release that changes one of these makes every deployment of every user owe its smoke test again."""
    full = deployment(
        model="azureml:digits:3",
        environment="azureml:sklearn:7",
        environment_variables={"WORKERS": "2"},
        code_configuration={"code": build.CODE, "scoring_script": "score.py"},
    )
    assert content_hash(deployment()) == "d7fc166ca6f1"
    assert content_hash(full) == "ec2351c88de3"
    assert verdict_hash(full, INTENT) == "1.ec2351c88de3.da870024f102"
    picture = SmokeTest(image="seven.png", body_hash="cd", max_ms=500)
    gated = Intent(smoke_tests={BLUE: picture}, rollouts={"digits": Rollout(checks=Checks(max_p95_ms=300))})
    assert verdict_hash(full, gated) == "1.ec2351c88de3.3336ce2200f7"


def test_a_field_at_its_default_is_no_content() -> None:
    assert content_hash(deployment()) == content_hash(build.deployment(app_insights_enabled=False))
    fields = {**deployment().fields, "field_of_a_later_release": None}
    assert content_hash(replace(deployment(), fields=fields)) == content_hash(deployment())


def test_names_and_ignored_fields_are_no_content() -> None:
    assert content_hash(deployment("green", "other")) == content_hash(deployment())
    ignored = (("environment_variables", "A"), ("request_settings",))
    noisy = deployment(environment_variables={"A": "1"}, request_settings={"request_timeout_ms": 90000})
    assert content_hash(noisy, ignored) == content_hash(deployment(), ignored)
    assert content_hash(noisy, ignored[:1]) != content_hash(deployment(), ignored[:1])


@pytest.mark.parametrize(
    "edited",
    [
        replace(TEST, json=8),
        replace(TEST, json=None),
        replace(TEST, status=400),
        replace(TEST, max_ms=100),
        replace(TEST, subset=7),
        replace(TEST, subset=None),
        replace(TEST, contains="7"),
        replace(TEST, tolerance=0.1),
        replace(TEST, body_hash="ef"),
        replace(TEST, request="", image="request.json"),
    ],
)
def test_an_edited_test_asks_for_another_verdict(edited: SmokeTest) -> None:
    assert verdict_hash(deployment(), Intent(smoke_tests={BLUE: edited})) != verdict_hash(deployment(), INTENT)


def test_a_renamed_request_file_does_not() -> None:
    renamed = Intent(smoke_tests={BLUE: replace(TEST, request="other.json")})
    assert verdict_hash(deployment(), renamed) == verdict_hash(deployment(), INTENT)


def test_gates_of_a_rollout_are_part_of_the_test_and_its_steps_are_not() -> None:
    def verdict(rollout: Rollout) -> str:
        return verdict_hash(deployment(), replace(INTENT, rollouts={"digits": rollout}))

    strict = Rollout(checks=Checks(max_error_rate=0.0))
    assert verdict(Rollout()) != verdict(strict)
    assert verdict(strict) == verdict(replace(strict, steps=(10, 100), bake_seconds=60))


def test_a_verdict_names_its_content() -> None:
    verdict = verdict_hash(deployment(), INTENT)
    assert same_content(verdict, content_hash(deployment()))
    other = changed(deployment(), model="azureml:digits:9")
    assert not same_content(verdict, content_hash(other))
    assert about(verdict, other, ()) == verdict_hash(other, INTENT)
    assert not same_content("", content_hash(deployment()))


def noted(item: Resource, tested: str = "", failed: str = "") -> State:
    bookkeeping = Bookkeeping(tested={"blue": tested}, failed={"blue": failed})
    return live(endpoint(), item, seen(traffic(blue=100), bookkeeping=bookkeeping))


def test_how_a_deployment_stands_is_read_from_the_marks() -> None:
    verdict = verdict_hash(deployment(), INTENT)
    assert standing(deployment(), noted(deployment()), INTENT) is Standing.OWED
    assert standing(deployment(), noted(deployment(), tested=verdict), INTENT) is Standing.PASSED
    assert standing(deployment(), noted(deployment(), failed=verdict), INTENT) is Standing.FAILED
    assert standing(deployment(), noted(deployment(), tested="1.other.test"), INTENT) is Standing.OWED
    assert standing(deployment(), noted(deployment(), tested=verdict, failed="1.other.test"), INTENT) is Standing.PASSED
    assert standing(deployment(), noted(deployment(), tested=verdict), Intent()) is Standing.UNDECLARED
    assert standing(deployment(), State(), INTENT) is Standing.OWED


def test_tests_are_owed_on_our_endpoints_and_on_adopted_ones() -> None:
    there = live(endpoint(), seen(endpoint("theirs"), owner="other"), seen(endpoint("nobodys"), owner=""))
    assert owing_endpoints(there, build.PROJECT, frozenset()) == {"digits"}
    assert owing_endpoints(there, build.PROJECT, frozenset({Allow.ADOPT})) == {"digits", "nobodys"}
