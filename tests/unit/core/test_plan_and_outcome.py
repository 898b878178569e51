"""Plans, outcomes and errors: what they say, and how a command ends."""

from __future__ import annotations

import pytest

from deployer.core.diagnostics import Diagnostic, Location, Severity
from deployer.core.errors import DeployerError, Refused, SpecError, UsageError, WorkspaceError, as_deployer_error
from deployer.core.intent import ANYTHING, Origins, Rollout, SmokeTest
from deployer.core.outcome import Outcome, Result, StepResult
from deployer.core.plan import Action, Finding, Plan, Step
from deployer.core.plan_options import Options
from deployer.core.resources import (
    KeyPath,
    Ref,
    deployment_ref,
    endpoint_ref,
)

BLUE = deployment_ref("digits", "blue")


@pytest.mark.parametrize(
    ("action", "writes", "removes"),
    [
        (Action.CREATE, True, False),
        (Action.UPDATE, True, False),
        (Action.REPLACE, True, True),
        (Action.DELETE, True, True),
        (Action.TEST, False, False),
    ],
)
def test_what_an_action_does(action: Action, writes: bool, removes: bool) -> None:
    assert (action.writes, action.removes) == (writes, removes)


def test_a_plan_of_a_test_alone_is_not_empty_and_only_blocking_findings_block() -> None:
    told, blocking = Finding(code="a", summary="a"), Finding(code="b", summary="b", blocking=True)
    assert Plan(env="e", project="p", findings=(blocking,)).is_empty
    assert not Plan(env="e", project="p", steps=(Step(action=Action.TEST, ref=BLUE),)).is_empty
    assert Plan(env="e", project="p", findings=(told, blocking)).blockers == (blocking,)


STEP = Step(action=Action.UPDATE, ref=BLUE)
DONE = StepResult(step=STEP, result=Result.APPLIED)
FAILED = StepResult(step=STEP, result=Result.FAILED, error=WorkspaceError("no"))
STALE = StepResult(step=STEP, result=Result.FAILED, error=Refused("stale"))
SKIPPED = StepResult(step=STEP, result=Result.SKIPPED)


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome(), 0),
        (Outcome(results=(DONE,)), 0),
        (Outcome(results=(DONE,), interrupted=True), 130),
        (Outcome(results=(DONE, FAILED)), 1),
        (Outcome(results=(FAILED, STALE)), 3),
        (Outcome(results=(FAILED,), interrupted=True), 130),
        (Outcome(results=(DONE, SKIPPED)), 1),
    ],
)
def test_the_exit_code_of_an_outcome(outcome: Outcome, code: int) -> None:
    assert (outcome.exit_code, outcome.ok) == (code, code == 0)


def test_an_error_that_is_not_ours_is_a_bug_of_ours() -> None:
    ours, foreign = Refused("no"), KeyError("fingers " * 100)
    assert as_deployer_error(ours) is ours
    wrapped = as_deployer_error(foreign)
    assert (wrapped.exit_code, wrapped.__cause__) == (1, foreign)
    assert len(wrapped.message) < 400


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (DeployerError("no"), 1, "no"),
        (Refused("stale"), 3, "stale"),
        (UsageError("what?"), 64, "what?"),
        (WorkspaceError("gone"), 1, "gone"),
        (SpecError([]), 1, "0 problem(s) in the specs"),
        (
            SpecError([Diagnostic(severity=Severity.ERROR, code="c", summary="s", location=Location(file="a"))]),
            1,
            "1 problem(s) in the specs",
        ),
        (as_deployer_error(ValueError("a\n  b")), 1, "internal error (ValueError: a b)"),
    ],
)
def test_an_error_has_its_exit_code_and_one_sentence(error: DeployerError, code: int, message: str) -> None:
    assert (error.exit_code, error.message, str(error)) == (code, message, message)


def test_an_error_in_specs_carries_its_diagnostics() -> None:
    found = Diagnostic(severity=Severity.ERROR, code="c", summary="s", location=Location(file="a"))
    assert SpecError([found]).diagnostics == (found,)


def test_an_error_of_the_workspace_says_what_support_asks_for() -> None:
    bare = WorkspaceError("no")
    assert (bare.hint, bare.code, bare.correlation_id, bare.log_tail) == ("", "", "", "")
    told = WorkspaceError("no", hint="wait", code="Busy", correlation_id="c-1", log_tail="killed")
    assert (told.hint, told.code, told.correlation_id, told.log_tail) == ("wait", "Busy", "c-1", "killed")


def test_the_words_of_a_bug_are_cut_at_three_hundred_characters() -> None:
    assert as_deployer_error(ValueError("x" * 301)).message == f"internal error (ValueError: {'x' * 300})"
    assert "DEPLOYER_TRACEBACK=1" in as_deployer_error(ValueError("x")).hint


def test_errors_stop_and_warnings_do_not() -> None:
    assert (Severity.ERROR.stops, Severity.WARNING.stops) == (True, False)


def test_a_place_is_the_first_character_of_a_file_unless_it_is_known() -> None:
    assert str(Location(file="a.yml")) == "a.yml:1:1"
    assert Location(file="a.yml", line=2) < Location(file="a.yml", line=10) < Location(file="b.yml")


WHOLE, FIELD = Location(file="blue.yml", line=1), Location(file="blue.yml", line=7)
ORIGINS = Origins(places={BLUE: {(): WHOLE, ("tags",): FIELD}})


@pytest.mark.parametrize(
    ("ref", "path", "place"),
    [
        (BLUE, (), WHOLE),
        (BLUE, ("tags",), FIELD),
        (BLUE, ("tags", "owner"), FIELD),
        (BLUE, ("tags", "owner", "name"), FIELD),
        (BLUE, ("instance_count",), WHOLE),
        (endpoint_ref("digits"), ("tags",), None),
    ],
)
def test_a_field_stands_where_its_nearest_written_parent_does(ref: Ref, path: KeyPath, place: Location | None) -> None:
    assert ORIGINS.of(ref, path) == place


def test_what_is_left_out_of_a_test_a_rollout_and_its_checks() -> None:
    test, rollout = SmokeTest(request="r.json"), Rollout()
    assert (test.status, test.json, test.max_ms) == (200, ANYTHING, None)
    assert (rollout.steps, rollout.bake_seconds) == ((100,), 0.0)
    checks = rollout.checks
    assert (checks.smoke, checks.max_error_rate, checks.max_p95_ms, checks.min_requests) == (True, None, None, 10)


def test_nothing_is_lifted_and_nothing_pruned_unless_it_is_asked_for() -> None:
    assert (Plan(env="e", project="p").options, Options().prune) == (Options(), False)
    assert not Finding(code="a", summary="a").blocking
