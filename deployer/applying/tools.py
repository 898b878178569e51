"""What every part of an apply works with: the workspace, a clock, and somebody who watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from deployer.core.errors import DeployerError
from deployer.core.intent import SmokeTest
from deployer.core.outcome import StepResult
from deployer.core.plan import Step
from deployer.core.workspace import Workspace


class Interrupted(DeployerError):
    """The user interrupted a step while it was waiting; the next apply continues from there."""


class Watcher(Protocol):
    """Receives the events of an apply; must be thread-safe."""

    def step_started(self, step: Step) -> None:
        """A step has started."""

    def waiting(self, step: Step, words: str) -> None:
        """A running step is waiting; `words` describes for what."""

    def probing(self, step: Step, done: int, of: int) -> None:
        """A traffic step is baking: `done` of `of` rounds of probes have been sent."""

    def step_ended(self, result: StepResult) -> None:
        """A step has ended, successfully or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The dependencies of an apply. `pause` waits some seconds and returns whether the user has interrupted."""

    workspace: Workspace
    body: Callable[[SmokeTest], bytes]
    watcher: Watcher
    now: Callable[[], float]
    pause: Callable[[float], bool]
    stopping: Callable[[], bool]


def wait_for(seconds: float, tools: Tools, what: str) -> None:
    """Wait. Raises Interrupted if the user interrupts; `what` completes "interrupted while ..."."""
    if seconds and tools.pause(seconds):
        raise Interrupted(f"interrupted while {what}", hint="Run `deployer apply` to continue.")
