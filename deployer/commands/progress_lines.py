"""The progress of an apply as lines of JSON on stdout, for programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

from deployer.core.outcome import StepResult
from deployer.core.plan import Step
from deployer.core.redaction import Mask, mask_of
from deployer.report.event_lines import Event, ended_line, event_line


class ProgressLines:
    """The Watcher of an apply that prints a line for each event. Thread-safe."""

    def __init__(self, say: Callable[[str], None], *, secrets: frozenset[str] = frozenset()) -> None:
        self._say = say
        self._mask: Mask = mask_of(secrets)
        self._lock = Lock()

    def step_started(self, step: Step) -> None:
        """A step has started."""
        self._tell(event_line(Event.STARTED, step, _now(), self._mask))

    def waiting(self, step: Step, words: str) -> None:
        """A running step is waiting; `words` describes for what."""
        self._tell(event_line(Event.WAITING, step, _now(), self._mask, detail=words))

    def probing(self, step: Step, done: int, of: int) -> None:
        """A traffic step is baking: `done` of `of` rounds of probes have been sent."""
        self._tell(event_line(Event.PROBING, step, _now(), self._mask, detail=f"{done} of {of} probes"))

    def watching(self, step: Step, words: str, left: float) -> None:
        """Customers' requests are watched, for `left` more seconds; `words` say what was seen."""
        self._tell(event_line(Event.WATCHING, step, _now(), self._mask, detail=words, left=left))

    def step_ended(self, result: StepResult) -> None:
        """A step has ended, successfully or not."""
        self._tell(ended_line(result, _now(), self._mask))

    def _tell(self, line: str) -> None:
        with self._lock:
            self._say(line)


def _now() -> datetime:
    return datetime.now(UTC)
