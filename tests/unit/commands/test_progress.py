"""Progress: plain lines without a terminal, a table that goes away on one."""

from __future__ import annotations

import re
import sys
import threading
import time
from io import StringIO

import pytest

from deployer.commands.progress import Progress
from deployer.core.errors import WorkspaceError
from deployer.core.outcome import Result, StepResult
from deployer.core.plan import Action, Step
from deployer.core.resources import deployment_ref
from tests.unit.report.samples import sample_outcome


def step(name: str) -> Step:
    return Step(action=Action.CREATE, ref=deployment_ref("digits", name))


def test_an_apply_with_nothing_to_do_says_nothing() -> None:
    stream = StringIO()
    with Progress(stream, terminal=False):
        pass
    assert stream.getvalue() == ""


def test_the_same_wait_is_said_once() -> None:
    stream = StringIO()
    with Progress(stream, terminal=False) as progress:
        progress.step_started(step("blue"))
        for _ in range(5):
            progress.waiting(step("blue"), "verifying")
    assert stream.getvalue().splitlines() == [
        "create deployment digits/blue …",
        "create deployment digits/blue: verifying",
    ]


def test_what_takes_azure_minutes_says_how_many() -> None:
    stream = StringIO()
    with Progress(stream, terminal=False, on_azure=True) as progress:
        progress.step_started(step("blue"))
        progress.step_started(Step(action=Action.TEST, ref=deployment_ref("digits", "blue")))
    assert stream.getvalue().splitlines() == [
        "create deployment digits/blue, usually 9 to 20 min …",
        "smoke-test deployment digits/blue …",
    ]


def test_a_wait_of_a_step_that_does_not_run_is_nothing() -> None:
    stream = StringIO()
    with Progress(stream, terminal=False) as progress:
        progress.waiting(step("blue"), "verifying")
        progress.probing(step("blue"), 1, 2)
    assert stream.getvalue() == ""


def test_a_terminal_shows_what_runs_with_its_phase_and_keeps_what_ended() -> None:
    stream = StringIO()
    now = iter(float(number) for number in range(0, 100_000, 75))
    with Progress(stream, terminal=True, secrets=frozenset({"s3cret-value"}), clock=lambda: next(now)) as progress:
        progress.step_started(step("blue"))
        progress.waiting(step("blue"), "s3cret-value: image builds")
        progress.probing(step("blue"), 3, 50)
        progress.step_ended(StepResult(step=step("blue"), result=Result.APPLIED, seconds=71.0))
    text = stream.getvalue()
    assert "created deployment digits/blue (1 min 11 s)" in text
    assert "s3cret-value" not in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")  # the cursor is back


def test_the_table_holds_words_phase_and_seconds() -> None:
    from rich.console import Console

    ticks = iter([10.0, 82.0])
    progress = Progress(StringIO(), terminal=True, clock=lambda: next(ticks))
    progress.step_started(step("blue"))
    progress.waiting(step("blue"), "image builds")
    console = Console(file=StringIO(), width=100, record=True)
    console.print(progress._table())
    assert " ".join(console.export_text().split()) == "1 min 12 s create deployment digits/blue image builds"


@pytest.mark.parametrize("terminal", [True, False])
def test_many_threads_lose_no_line_and_wait_for_each_other_never(terminal: bool) -> None:
    stream, ended = StringIO(), threading.Event()
    progress = Progress(stream, terminal=terminal)
    progress.__enter__()

    def run(name: str) -> None:
        for _ in range(20):
            progress.step_started(step(name))
            progress.waiting(step(name), "verifying")
            progress.step_ended(StepResult(step=step(name), result=Result.APPLIED, seconds=1.0))

    def draw() -> None:
        while progress._live and not ended.is_set():
            progress._live.refresh()

    threads = [threading.Thread(target=run, args=(f"d{number}",), daemon=True) for number in range(10)]
    for thread in [threading.Thread(target=draw, daemon=True), *threads]:
        thread.start()
    deadline = time.monotonic() + 120
    for thread in threads:
        thread.join(timeout=max(0.0, deadline - time.monotonic()))
    ended.set()
    assert not any(thread.is_alive() for thread in threads)  # not in a `with`: leaving it would wait for ever too
    progress.__exit__(None, None, None)
    assert len(re.findall(r"created deployment digits/d\d \(1 s\)\n", stream.getvalue())) == 200


def test_a_failure_says_why_in_its_line() -> None:
    stream = StringIO()
    failed = next(item for item in sample_outcome().results if item.error)
    with Progress(stream, terminal=False) as progress:
        progress.step_ended(failed)
    assert stream.getvalue().startswith("could not update deployment digits/blue: The container of deployment")


def test_what_ended_is_no_longer_shown_as_running() -> None:
    stream = StringIO()
    with Progress(stream, terminal=True) as progress:
        progress.step_started(step("blue"))
        progress._say("now")
        progress.step_ended(StepResult(step=step("blue"), result=Result.APPLIED, seconds=1.0))
        ended = stream.getvalue().rindex("created deployment")
    assert "create deployment digits/blue" in stream.getvalue()[:ended]
    assert "create deployment digits/blue" not in stream.getvalue()[ended:]


def failed(message: str) -> StepResult:
    return StepResult(step=step("blue"), result=Result.FAILED, seconds=1.0, error=WorkspaceError(message))


@pytest.mark.parametrize(
    "message",
    [
        "[bold]no markup[/bold]",
        "no picture :smile:",
        "no colours for 17, 'x' and /a/b",
        "a line that is too long " * 20,
    ],
)
def test_on_a_terminal_a_line_is_printed_as_it_is(message: str) -> None:
    stream = StringIO()
    with Progress(stream, terminal=True) as progress:
        progress.step_ended(failed(message))
    assert f"could not create deployment digits/blue: {message} (1 s)\n" in stream.getvalue()


def test_a_table_leaves_the_other_streams_alone_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = sys.stdout, sys.stderr
    stream = StringIO()
    with Progress(stream, terminal=True) as progress:
        assert (sys.stdout, sys.stderr) == streams
        progress.step_started(step("blue"))
        progress._say("now")
        shown = stream.getvalue()
    assert "create deployment digits/blue" in shown
    assert stream.getvalue()[len(shown) :].rstrip().endswith("\x1b[2K")


def test_the_phase_is_dim_and_the_columns_are_apart() -> None:
    from rich.console import Console

    progress = Progress(StringIO(), terminal=True, clock=lambda: 1.0)
    progress.step_started(step("blue"))
    progress.waiting(step("blue"), "image builds")
    console = Console(file=StringIO(), width=100, record=True)
    console.print(progress._table())
    printed = console.export_text(styles=True)
    assert "create deployment digits/blue  \x1b[2mimage builds\x1b[0m" in printed


def test_a_step_without_its_own_time_is_measured() -> None:
    ticks = iter([10.0, 82.0])
    stream = StringIO()
    with Progress(stream, terminal=False, clock=lambda: next(ticks)) as progress:
        progress.step_started(step("blue"))
        progress.step_ended(StepResult(step=step("blue"), result=Result.APPLIED))
    assert stream.getvalue().splitlines()[-1] == "created deployment digits/blue (1 min 12 s)"


def test_a_step_that_never_began_has_no_time() -> None:
    stream = StringIO()
    with Progress(stream, terminal=False) as progress:
        progress.step_ended(StepResult(step=step("blue"), result=Result.SKIPPED))
    assert stream.getvalue() == "did not create deployment digits/blue\n"


@pytest.mark.parametrize(
    ("result", "note", "line"),
    [
        (Result.APPLIED, "", "created deployment digits/blue"),
        (Result.APPLIED, "already so", "created deployment digits/blue: already so"),
        (Result.UNDONE, "restored", "undid: create deployment digits/blue: restored"),
    ],
)
def test_every_result_has_its_words_and_its_note(result: Result, note: str, line: str) -> None:
    stream = StringIO()
    with Progress(stream, terminal=False) as progress:
        progress.step_ended(StepResult(step=step("blue"), result=result, note=note, seconds=2.0))
    assert stream.getvalue() == f"{line} (2 s)\n"


def test_each_wait_is_said_once_and_probes_are_counted_in_the_table_alone() -> None:
    stream = StringIO()
    with Progress(stream, terminal=False, secrets=frozenset({"s3cret-value"})) as progress:
        progress.step_started(step("blue"))
        progress.waiting(step("blue"), "s3cret-value\nbuilds")
        progress.probing(step("blue"), 1, 2)
        progress.waiting(step("blue"), "verifying")
    assert stream.getvalue().splitlines() == [
        "create deployment digits/blue …",
        "create deployment digits/blue: (sensitive)\\nbuilds",
        "create deployment digits/blue: verifying",
    ]


def test_a_step_keeps_its_beginning_when_its_phase_changes() -> None:
    ticks = iter([10.0, 82.0])
    stream = StringIO()
    with Progress(stream, terminal=False, clock=lambda: next(ticks)) as progress:
        progress.step_started(step("blue"))
        progress.waiting(step("blue"), "image builds")
        progress.step_ended(StepResult(step=step("blue"), result=Result.APPLIED))
    assert stream.getvalue().splitlines()[-1] == "created deployment digits/blue (1 min 12 s)"
