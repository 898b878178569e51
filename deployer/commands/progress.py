"""Live progress of an apply: on a terminal a table of running steps, otherwise one line per event.

It writes to the stream it is given, which is stderr: results go to stdout.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO, assert_never

from deployer.core.errors import OperationFailed, WrongAnswer
from deployer.core.outcome import Result, StepResult
from deployer.core.plan import Action, Step
from deployer.core.redaction import Mask, mask_of
from deployer.core.resources import Ref
from deployer.planning.durations import MINUTE, usual
from deployer.report.describe import done, moving, starting
from deployer.report.format import seconds, with_short_names
from deployer.report.judged_table import judged_table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

_Key = tuple[Action, Ref]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    words: str
    started: float
    phase: str = ""


class Progress:
    """The Watcher of an apply, as a context manager. Thread-safe."""

    def __init__(
        self,
        stream: TextIO,
        *,
        terminal: bool,
        secrets: frozenset[str] = frozenset(),
        on_azure: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream, self._terminal, self._clock = stream, terminal, clock
        self._mask: Mask = mask_of(secrets)
        self._on_azure = on_azure
        self._running: dict[_Key, _Running] = {}
        self._lock = Lock()
        self._open = ExitStack()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._terminal:
            self._go_live()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def step_started(self, step: Step) -> None:
        """A step has started."""
        words = self._mask.line(starting(step)) + (_usually(step) if self._on_azure else "")
        with self._lock:
            self._running[_key(step)] = _Running(words=words, started=self._clock())
        if not self._terminal:
            self._say(f"{words} …")

    def waiting(self, step: Step, words: str) -> None:
        """A running step is waiting; `words` describes for what."""
        self._phase(step, self._mask.line(words), say=True)

    def probing(self, step: Step, done: int, of: int) -> None:
        """A traffic step is baking: `done` of `of` rounds of probes have been sent."""
        self._phase(step, f"{done} of {of} probes", say=False)

    def watching(self, step: Step, words: str, left: float) -> None:
        """Customers' requests are watched, for `left` more seconds; `words` say what was seen."""
        self._phase(step, self._mask.line(f"{words}, {seconds(left)} left"), say=True)

    def step_ended(self, result: StepResult) -> None:
        """A step has ended, successfully or not."""
        with self._lock:
            running = self._running.pop(_key(result.step), None)
        took = result.seconds or (self._clock() - running.started if running else 0.0)
        self._say(self._mask.line(_past(result)) + (f" ({seconds(took)})" if took else ""))
        for line in judged_table(result.judged) if result.result is Result.APPLIED else ():
            self._say(f"    {self._mask.line(line)}")

    def _phase(self, step: Step, phase: str, *, say: bool) -> None:
        with self._lock:
            running = self._running.get(_key(step))
            if running is None or running.phase == phase:
                return
            self._running[_key(step)] = _Running(words=running.words, started=running.started, phase=phase)
        if say and not self._terminal:
            self._say(f"{running.words}: {phase}")

    def _say(self, line: str) -> None:
        """Print one permanent line. A closed stream is ignored: the apply continues.

        Rich calls `_table` while holding its own lock, so ours must not be held then.
        """
        line = with_short_names(line)
        with suppress(OSError, ValueError):
            if self._live:
                self._live.refresh()
                self._live.console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)
                return
            with self._lock:
                self._stream.write(f"{line}\n")
                self._stream.flush()

    def _go_live(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(
            console=Console(file=self._stream, force_terminal=True),
            get_renderable=self._table,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._open.enter_context(self._live)

    def _table(self) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        with self._lock:
            rows, now = tuple(self._running.values()), self._clock()
        for row in rows:
            table.add_row(
                Text(f"{seconds(now - row.started):>10}"),
                Text(with_short_names(row.words)),
                Text(row.phase, style="dim"),
            )
        return table


def _usually(step: Step) -> str:
    """ ", usually 9 to 20 min" for a step that one goes to do something else meanwhile."""
    least, most = usual(step)
    return f", usually {least / MINUTE:.0f} to {most / MINUTE:.0f} min" if least >= MINUTE else ""


def _key(step: Step) -> _Key:
    return step.action, step.ref


def _past(result: StepResult) -> str:
    """ "created deployment digits/blue", "could not create deployment digits/blue: <why>".

    What was tried and went wrong has "failed"; what could not be tried, "could not".
    """
    match result.result:
        case Result.APPLIED:
            words = done(result.step)
        case Result.FAILED:
            tried = isinstance(result.error, WrongAnswer | OperationFailed)
            words = f"{'failed:' if tried else 'could not'} {moving(result.step)}"
        case Result.SKIPPED:
            words = f"did not {moving(result.step)}"
        case Result.UNDONE:
            words = f"undid: {moving(result.step)}"
        case _:
            assert_never(result.result)
    why = result.note or (result.error.message if result.error else "")
    return f"{words}: {why}" if why else words
