"""A saved plan read back: what is taken, what is refused in one sentence, and what moved since."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from deployer.core.errors import UsageError
from deployer.core.plan import Plan
from deployer.report.json_output import differences, plan_json, read_saved_plan
from deployer.report.plan_view import plan_view
from tests.unit.report.samples import SECRET, sample_plan


def saved_text(plan: Plan | None = None) -> str:
    return plan_json(plan_view(plan or sample_plan(), secrets=frozenset({SECRET})))


def test_a_plan_comes_back_in_words() -> None:
    saved = read_saved_plan(saved_text())
    assert (saved.env, saved.project, saved.digest) == ("dev", "digits", "0123456789abcdef")
    assert saved.steps[0] == "create model digits:2 (path sha256:efefefef… (data/model))"
    assert "instance_count 2 -> 3" in saved.steps[1]


def test_the_same_plan_differs_in_nothing() -> None:
    assert differences(read_saved_plan(saved_text()), plan_view(sample_plan(), secrets=frozenset({SECRET}))) == []


WAYS: list[tuple[Callable[[Plan], Plan], str]] = [
    (lambda plan: replace(plan, env="prod"), "The saved plan is for env dev, not prod."),
    (lambda plan: replace(plan, project="other"), "The saved plan is for project digits, not other."),
    (lambda plan: replace(plan, digest="f", steps=plan.steps[1:]), "No longer planned: create model digits:2 ("),
    (
        lambda plan: replace(plan, digest="f", steps=plan.steps[::-1]),
        "The same steps are planned in a different order.",
    ),
    (lambda plan: replace(plan, digest="f"), "The steps are the same, but the specs or the live state"),
]


@pytest.mark.parametrize(("change", "sentence"), WAYS)
def test_what_moved_is_said(change: Callable[[Plan], Plan], sentence: str) -> None:
    found = differences(read_saved_plan(saved_text()), plan_view(change(sample_plan()), secrets=frozenset({SECRET})))
    assert len(found) == 1
    assert found[0].startswith(sentence)


def test_a_step_that_came_since_is_said() -> None:
    saved = read_saved_plan(saved_text(replace(sample_plan(), steps=sample_plan().steps[1:], digest="old")))
    found = differences(saved, plan_view(sample_plan(), secrets=frozenset({SECRET})))
    assert found == ["Not in the saved plan: create model digits:2 (path sha256:efefefef… (data/model))."]


def damaged(**changes: Any) -> str:
    return json.dumps({**json.loads(saved_text()), **changes})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "plan.json is not a saved plan: it is not JSON."),
        ("name: x", "plan.json is not a saved plan: it is not JSON."),
        ("[" * 100_000, "plan.json is not a saved plan: it is not JSON."),
        ("[]", "plan.json is JSON, but not a saved plan."),
        ('{"kind": "outcome"}', "plan.json is JSON, but not a saved plan."),
        (damaged(format_version="2.0"), "plan.json has plan format 2.0, but this deployer reads 1.3."),
        (damaged(format_version=None), "plan.json has plan format None, but this deployer reads 1.3."),
        (damaged(digest=""), "plan.json has no digest, so it cannot be compared with a new plan."),
        (damaged(digest=5), "plan.json is damaged: a part of the plan is missing."),
        (damaged(steps=None), "plan.json is damaged: a part of the plan is missing."),
        (damaged(steps=["x"]), "plan.json is damaged: a part of the plan is missing."),
        (damaged(steps=[{"words": "x"}]), "plan.json is damaged: a part of the plan is missing."),
        (damaged(steps=[{"words": "x", "changes": [1]}]), "plan.json is damaged: a part of the plan is missing."),
        (damaged(steps=[{"words": 1, "changes": []}]), "plan.json is damaged: a part of the plan is missing."),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_saved_plan(text, name="plan.json")
    assert caught.value.message == sentence
    assert caught.value.hint


def test_a_newer_minor_version_is_read() -> None:
    assert read_saved_plan(damaged(format_version="1.7", more={})).env == "dev"
