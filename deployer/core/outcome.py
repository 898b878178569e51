"""Outcome: the results of an apply, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from deployer.core.errors import DeployerError
from deployer.core.judgement import Judged
from deployer.core.plan import Step

UNDER_WAY = 4
"""The exit code of an apply that stopped in time, to be continued by the next one."""


class Result(StrEnum):
    """The result of a step. UNDONE: the step is one that reverted a failed change of traffic."""

    APPLIED = "applied"
    FAILED = "failed"
    UNDONE = "undone"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """One step and its result: `error` of a failed step, `seconds` of wall time, `note` for the user.

    `judged` are the verdicts of the gates on customers' requests after a traffic step.
    """

    step: Step
    result: Result
    error: DeployerError | None = None
    seconds: float = 0.0
    note: str = ""
    judged: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All results: assets, then endpoints by name with their phases in order.

    `interrupted`: by Ctrl-C or SIGTERM; `paused`: the time that was given to the run was up.
    """

    results: tuple[StepResult, ...] = ()
    interrupted: bool = False
    paused: bool = False

    @property
    def exit_code(self) -> int:
        """0 if all steps were applied, 130 if interrupted, else the highest code of the errors: 3 if one is refused.

        4 if steps were left to the next run for want of time, and nothing else is wrong.
        """
        if self.ok:
            return 0
        codes = {item.error.exit_code for item in self.results if item.error}
        return 130 if self.interrupted else max(codes, default=UNDER_WAY if self.paused else 1)

    @property
    def ok(self) -> bool:
        """Whether every step was applied, without interruption."""
        return not self.interrupted and all(item.result is Result.APPLIED for item in self.results)
