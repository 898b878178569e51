"""An outcome as rows for display: results, failures with reasons, and the next command. Secrets are masked here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from deployer.core.errors import DeployerError, WorkspaceError
from deployer.core.judgement import Judged
from deployer.core.outcome import UNDER_WAY, Outcome, Result, StepResult
from deployer.core.redaction import Mask, mask_of
from deployer.report.describe import done, moving
from deployer.report.format import LONGEST_NAME, count, seconds, shortened

_LOG_LINES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The failure of a step; `log` holds the last lines of the container logs, oldest first."""

    message: str
    hint: str = ""
    code: str = ""
    correlation_id: str = ""
    log: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """One step and its result; `judged` are the verdicts of the gates after a traffic step."""

    result: str
    words: str
    seconds: float = 0.0
    note: str = ""
    origin: str = ""
    failure: Failure | None = None
    judged: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeView:
    """An outcome for display: `uris` are the scoring URIs by endpoint, `next_command` is a suggestion."""

    ok: bool
    interrupted: bool
    summary: str
    results: tuple[ResultRow, ...] = ()
    uris: Mapping[str, str]
    next_command: str = ""


def outcome_view(
    outcome: Outcome,
    *,
    secrets: frozenset[str] = frozenset(),
    uris: Mapping[str, str] | None = None,
    next_command: str = "",
) -> OutcomeView:
    """The outcome for display, with secrets masked."""
    mask = mask_of(secrets)
    return OutcomeView(
        ok=outcome.ok,
        interrupted=outcome.interrupted,
        summary=_summary(outcome),
        results=tuple(_row(result, mask) for result in outcome.results),
        uris={mask.line(name): mask.line(uri) for name, uri in (uris or {}).items()},
        next_command=mask.line(next_command),
    )


def result_words(result: Result) -> str:
    """A result in words: "applied"."""
    match result:
        case Result.APPLIED:
            return "applied"
        case Result.FAILED:
            return "failed"
        case Result.UNDONE:
            return "undone"
        case Result.SKIPPED:
            return "not done"
    assert_never(result)


def _row(item: StepResult, mask: Mask) -> ResultRow:
    words = done(item.step) if item.result is Result.APPLIED else moving(item.step)
    return ResultRow(
        result=item.result.value,
        words=shortened(mask.line(words), LONGEST_NAME),
        seconds=round(item.seconds, 3),
        note=mask.line(item.note),
        origin=mask.line(str(item.step.origin)) if item.step.origin else "",
        failure=_failure(item.error, mask) if item.error else None,
        judged=tuple(
            replace(row, deployment=mask.line(row.deployment), beside=mask.line(row.beside)) for row in item.judged
        ),
    )


def _failure(error: DeployerError, mask: Mask) -> Failure:
    if not isinstance(error, WorkspaceError):
        return Failure(message=mask(error.message), hint=mask(error.hint))
    return Failure(
        message=mask(error.message),
        hint=mask(error.hint),
        code=mask.line(error.code),
        correlation_id=mask.line(error.correlation_id),
        log=tuple(mask(error.log_tail.replace("\r\n", "\n").replace("\r", "\n")).splitlines()[-_LOG_LINES:]),
    )


def _summary(outcome: Outcome) -> str:
    """ "Applied 5 steps, 41 s of work." or "Failed: 2 applied, 1 failed, 3 not done."."""
    numbers = {result: sum(item.result is result for item in outcome.results) for result in Result}
    if outcome.ok:
        total = seconds(sum(item.seconds for item in outcome.results))
        return (
            f"Applied {count(numbers[Result.APPLIED], 'step')}, {total} of work." if outcome.results else "No changes."
        )
    said = ", ".join(f"{number} {result_words(result)}" for result, number in numbers.items() if number)
    return f"{_ending(outcome)}: {said or 'nothing done'}."


def _ending(outcome: Outcome) -> str:
    """How an outcome that is not ok came about."""
    if outcome.interrupted:
        return "Interrupted"
    return "Time is up" if outcome.exit_code == UNDER_WAY else "Failed"
