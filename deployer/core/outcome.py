"""Outcome: what an apply did, step by step, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from deployer.core.errors import DeployerError
from deployer.core.plan import Step


class Result(StrEnum):
    """What became of a step."""

    APPLIED = "applied"
    FAILED = "failed"
    UNDONE = "undone"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """One step and what became of it; `error` for a failed one, `seconds` of wall time, `note` in words for people."""

    step: Step
    result: Result
    error: DeployerError | None = None
    seconds: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All results in the order they ended; `interrupted` when somebody pressed Ctrl-C."""

    results: tuple[StepResult, ...] = ()
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 all applied, 130 interrupted, 3 when a step was refused as stale, else 1."""
        if self.ok:
            return 0
        codes = {item.error.exit_code for item in self.results if item.error}
        return 130 if self.interrupted else max(codes, default=1)

    @property
    def ok(self) -> bool:
        """Whether every step was applied."""
        return not self.interrupted and all(item.result is Result.APPLIED for item in self.results)
