"""Events of an apply as lines of JSON: as their schema says, and without secrets."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from deployer.commands.progress_lines import ProgressLines
from deployer.core.errors import WorkspaceError
from deployer.core.outcome import Result, StepResult
from deployer.core.plan import Action, Step
from deployer.core.redaction import mask_of
from deployer.report.event_lines import Event, event_line
from tests.build import deployment, traffic

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas/output/event.schema.json").read_text(encoding="utf-8"))
SECRET = "s3cr3t-and-long-enough"
STEP = Step(
    action=Action.UPDATE, ref=traffic().ref, before=traffic(blue=100), after=traffic(blue=50, green=50), stage=(2, 3)
)
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize("event", Event)
def test_every_event_is_as_its_schema_says(event: Event) -> None:
    line = event_line(event, STEP, AT, mask_of(frozenset()), detail=f"why {SECRET}", left=1.25)
    assert "\n" not in line
    found = json.loads(line)
    jsonschema.validate(found, SCHEMA)
    assert (found["event"], found["stage"], found["seconds_left"]) == (event.value, {"number": 2, "of": 3}, 1.2)
    assert found["words"] == "set traffic of digits: blue 100 % -> 50 %, green 0 % -> 50 %, step 2 of 3"


@pytest.mark.parametrize("action", Action)
def test_every_action_and_result_is_as_its_schema_says(action: Action) -> None:
    said: list[str] = []
    watcher = ProgressLines(said.append)
    step = Step(action=action, ref=deployment().ref)
    watcher.step_started(step)
    for result in Result:
        watcher.step_ended(StepResult(step=step, result=result, seconds=1.5))
    for line in said:
        jsonschema.validate(json.loads(line), SCHEMA)
    assert [json.loads(line)["result"] for line in said] == [None, *(result.value for result in Result)]


def test_no_secret_is_in_any_of_them() -> None:
    said: list[str] = []
    watcher = ProgressLines(said.append, secrets=frozenset({SECRET}))
    watcher.waiting(STEP, f"for {SECRET}")
    watcher.watching(STEP, SECRET, 4.0)
    watcher.probing(STEP, 1, 2)
    error = WorkspaceError(f"it said {SECRET}")
    watcher.step_ended(StepResult(step=STEP, result=Result.FAILED, error=error))
    assert len(said) == 4
    assert SECRET[:12] not in "".join(said)
    assert [json.loads(line)["event"] for line in said] == ["waiting", "watching", "probing", "ended"]
