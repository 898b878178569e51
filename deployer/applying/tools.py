"""What every part of an apply works with: the workspace, a clock, and somebody who watches."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from deployer.core.errors import DeployerError
from deployer.core.intent import SmokeTest
from deployer.core.outcome import StepResult
from deployer.core.plan import Step
from deployer.core.resources import Value
from deployer.core.workspace import Workspace

Unlike = Callable[[Value, Mapping[str, Value]], str]
"""Says where an answer does not match a JSON Schema; "" if it does."""


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

    def watching(self, step: Step, words: str, left: float) -> None:
        """Customers' requests are watched after a traffic step, for `left` more seconds; `words` say what was seen."""

    def step_ended(self, result: StepResult) -> None:
        """A step has ended, successfully or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The dependencies of an apply. `pause` waits some seconds and returns whether the user has interrupted.

    `now` is a monotonic clock, `wall` the time of day; both in seconds, the latter since 1970. No step begins after
    `until`, as `now` tells it.
    """

    workspace: Workspace
    body: Callable[[SmokeTest], bytes]
    unlike: Unlike
    watcher: Watcher
    now: Callable[[], float]
    wall: Callable[[], float]
    pause: Callable[[float], bool]
    stopping: Callable[[], bool]
    until: float = math.inf

    def ends(self) -> bool:
        """Whether no further step is to begin: the user has interrupted, or the time of this run is up."""
        return self.stopping() or self.time_is_up()

    def time_is_up(self) -> bool:
        """Whether the time that was given to this run is over."""
        return self.now() >= self.until


def wait_for(seconds: float, tools: Tools, what: str) -> None:
    """Wait. Raises Interrupted if the user interrupts; `what` completes "interrupted while ..."."""
    if seconds and tools.pause(seconds):
        raise Interrupted(f"interrupted while {what}", hint="Run `deployer apply` to continue.")
