"""The terminal: results on stdout, everything else on stderr, secrets nowhere; and the questions asked on it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

import click

from deployer.core.errors import DeployerError, SpecError, UsageError, WorkspaceError
from deployer.report.redaction import mask_of

if TYPE_CHECKING:
    from deployer.applying.consent import Question
    from deployer.core.resources import Ref

Item = TypeVar("Item")


@dataclass(slots=True)
class Console:
    """The two streams, and the values that must not appear on them; `secrets` grows as they become known."""

    secrets: frozenset[str] = field(default_factory=frozenset)

    def keep_secret(self, values: frozenset[str]) -> None:
        """Mask these values from now on."""
        self.secrets |= values

    def waiting_for(self, ref: Ref) -> None:
        """Say that a resource has to settle before the plan can be made."""
        self.err(f"{ref} is being changed by another operation; waiting …")

    @property
    def color(self) -> bool:
        """Whether results are coloured: on a terminal, unless NO_COLOR is set (https://no-color.org)."""
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def out(self, text: str) -> None:
        """A result."""
        sys.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")
        sys.stdout.flush()

    def err(self, text: str) -> None:
        """Something beside the result."""
        sys.stderr.write(f"{mask_of(self.secrets).hide(text)}\n")

    def error(self, error: DeployerError) -> None:
        """One clear sentence and the way out."""
        if isinstance(error, SpecError):
            self.diagnostics(error)
            return
        code = f" [{error.code}]" if isinstance(error, WorkspaceError) and error.code else ""
        self.err(f"error: {error.message}{code}")
        if error.hint:
            self.err(f"  {error.hint}")

    def diagnostics(self, error: SpecError) -> None:
        """The defects of the specs, by place."""
        from deployer.report.diagnostics_text import diagnostics_text

        self.err(diagnostics_text(error.diagnostics, secrets=self.secrets, color=self.color).rstrip("\n"))

    @property
    def has_terminal(self) -> bool:
        """Whether somebody can be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def with_progress_bar(self, items: Iterable[Item], length: int) -> Iterator[Item]:
        """The items as they come, with a progress bar where somebody looks on."""
        if not sys.stderr.isatty():
            yield from items
            return
        with click.progressbar(items, length=length, file=sys.stderr, label="sending requests") as bar:
            yield from bar

    def check_can_ask(self, question: Question | None) -> None:
        """Raise UsageError when there is a question and no terminal to ask it on."""
        if question and not self.has_terminal:
            raise UsageError("there is no terminal to ask for confirmation", hint=question.without_terminal)

    def agrees(self, question: Question | None) -> bool:
        """Whether the answer typed is the one that agrees; no question needs none. Raises as `check_can_ask`."""
        self.check_can_ask(question)
        if question is None:
            return True
        sys.stderr.write(f"{question.text} ")
        sys.stderr.flush()
        return sys.stdin.readline().strip() == question.answer


@contextmanager
def stoppable() -> Iterator[Callable[[float], bool]]:
    """Within, Ctrl-C (or SIGTERM) asks to stop and a second one leaves at once.

    Gives `pause(seconds) -> whether somebody asked to stop`.
    """
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()
        with suppress(OSError):  # not through sys.stderr: that may be in use, or silenced while the SDK works
            os.write(2, b"\nStopping after the write in flight; press Ctrl-C again to exit immediately.\n")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop.wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
