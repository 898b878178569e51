"""What an apply tells while it runs: small values that a progress display turns into lines."""

from __future__ import annotations

from dataclasses import dataclass

from deployer.outcome import StepResult
from deployer.plan import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step begins."""

    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded:
    """A step is over, one way or the other."""

    result: StepResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A step waits for something; `words` says for what."""

    step: Step
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Probing:
    """A traffic step bakes: `done` of `of` probes were answered."""

    step: Step
    done: int
    of: int


Event = StepStarted | StepEnded | Waiting | Probing
