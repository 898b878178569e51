"""The console: results on stdout, everything else on stderr, with secrets masked; and confirmations."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

import click

from deployer.commands.hints import DEFAULT_ENV, Context, in_context, program
from deployer.commands.streams import is_plain, put
from deployer.commands.whereabouts import whereabouts
from deployer.core.errors import DeployerError, SpecError, UsageError, WorkspaceError
from deployer.core.redaction import mask_of

if TYPE_CHECKING:
    from deployer.applying.consent import Question
    from deployer.authoring import EnvFile
    from deployer.core.resources import Ref

Item = TypeVar("Item")

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class Console:
    """The output streams. `secrets` are masked on stderr; results on stdout are already masked by reports.

    Commands that messages and told results advise are printed as they have to be typed in `context`.
    """

    secrets: frozenset[str] = field(default_factory=frozenset, repr=False)
    context: Context = field(default_factory=Context)

    def at(self, *, env: str = DEFAULT_ENV, project: Path = Path(), endpoint: str = "") -> None:
        """From now on, commands in messages lead here."""
        self.context = Context(program=program(), env=env, project=project, endpoint=endpoint)

    def keep_secret(self, values: frozenset[str]) -> None:
        """Add values to mask from now on."""
        self.secrets |= values

    def acting_on(self, env: EnvFile, secrets: frozenset[str]) -> None:
        """Say where this command acts, before it does; `secrets` are masked from now on."""
        self.keep_secret(secrets)
        self.err(whereabouts(env, self.context.project))

    def waiting_for(self, ref: Ref) -> None:
        """Report that planning waits for an operation on a resource."""
        self.err(f"{ref} is being changed by another operation; waiting …")

    def local_workspace_started(self) -> None:
        """Say that the local workspace was started, and how to look at it."""
        self.err("started the local workspace; `deployer open` shows its page")

    @property
    def color(self) -> bool:
        """Whether results are coloured: on a terminal, unless NO_COLOR is set (https://no-color.org)."""
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and not is_plain()

    @property
    def is_live(self) -> bool:
        """Whether progress can be redrawn in place."""
        return sys.stderr.isatty() and not is_plain()

    def out(self, text: str) -> None:
        """A result. That it cannot be written is told, and does not change the exit code: the work is done."""
        if problem := put(sys.stdout, text if text.endswith("\n") or not text else f"{text}\n"):
            self.err(f"error: the result could not be written: {problem}")

    def tell(self, text: str) -> None:
        """A result in words."""
        self.out(in_context(text, self.context))

    def err(self, text: str) -> None:
        """A message beside the result."""
        put(sys.stderr, f"{in_context(mask_of(self.secrets).hide(text), self.context)}\n")

    def error(self, error: DeployerError) -> None:
        """An error: its message and code, and its hint."""
        if isinstance(error, SpecError):
            self.diagnostics(error)
            return
        code = f" [{error.code}]" if isinstance(error, WorkspaceError) and error.code else ""
        self.err(f"error: {error.message}{code}")
        if error.hint:
            self.err(f"  {error.hint}")

    def diagnostics(self, error: SpecError) -> None:
        """The diagnostics of the specs, by place."""
        from deployer.report.diagnostics_text import diagnostics_text

        self.err(diagnostics_text(error.diagnostics, secrets=self.secrets, color=self.color).rstrip("\n"))

    def requests_shown(self) -> AbstractContextManager[None]:
        """In this context, every HTTP request is shown beside the result, also those of the otherwise silent SDK."""
        from deployer.commands.request_lines import requests_shown  # late: `deployer --help` does not pay for it

        stream = sys.stderr
        return requests_shown(lambda line: put(stream, f"{mask_of(self.secrets).hide(line)}\n"))

    @property
    def has_terminal(self) -> bool:
        """Whether the user can be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def with_progress_bar(self, items: Iterable[Item], length: int) -> Iterator[Item]:
        """The items as they arrive, with a progress bar on a terminal."""
        if not self.is_live:
            yield from items
            return
        with click.progressbar(items, length=length, file=sys.stderr, label="sending requests") as bar:
            yield from bar

    def check_can_ask(self, question: Question | None) -> None:
        """Raise UsageError if there is a question but no terminal."""
        if question and not self.has_terminal:
            raise UsageError("there is no terminal to ask for confirmation", hint=question.without_terminal)

    def agrees(self, question: Question | None) -> bool:
        """Whether the user confirms the question, or there is none. Raises like `check_can_ask`."""
        self.check_can_ask(question)
        if question is None:
            return True
        put(sys.stderr, f"{question.text} ")
        return sys.stdin.readline().strip() == question.answer


@contextmanager
def stoppable() -> Iterator[Callable[[float], bool]]:
    """In this context, Ctrl-C (or SIGTERM, or a closed terminal) requests a stop, and a second one exits immediately.

    Yields `pause(seconds)`, which returns whether a stop was requested.
    """
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()
        with suppress(OSError):  # not through sys.stderr: that may be in use, or silenced while the SDK works
            os.write(2, b"\nStopping after the write in flight; press Ctrl-C again to exit immediately.\n")

    before = {number: signal.signal(number, ask) for number in STOPPING}
    try:
        yield stop.wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
