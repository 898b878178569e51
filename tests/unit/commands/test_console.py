"""The console: what goes to which stream, what is masked, how an error looks, and how Ctrl-C stops."""

from __future__ import annotations

import io
import os
import signal
import sys

import pytest

from deployer.applying.consent import Question
from deployer.commands.console import Console, stoppable
from deployer.core.diagnostics import Diagnostic, Location, Severity
from deployer.core.errors import DeployerError, SpecError, UsageError, WorkspaceError
from deployer.core.redaction import MASK
from tests.unit.commands.conftest import Tty

QUESTION = Question(text="Really? Only 'yes' is accepted:", answer="yes", without_terminal="Pass --yes.")


@pytest.mark.parametrize(("text", "printed"), [("", ""), ("one", "one\n"), ("one\n", "one\n"), ("a\nb", "a\nb\n")])
def test_a_result_ends_with_one_line_end(text: str, printed: str, capsys: pytest.CaptureFixture[str]) -> None:
    Console().out(text)
    assert capsys.readouterr() == (printed, "")


@pytest.mark.parametrize(
    ("error", "printed"),
    [
        (DeployerError("it failed"), "error: it failed\n"),
        (UsageError("it failed", hint="Do better."), "error: it failed\n  Do better.\n"),
        (WorkspaceError("it failed"), "error: it failed\n"),
        (WorkspaceError("it failed", hint="Wait.", code="Busy"), "error: it failed [Busy]\n  Wait.\n"),
    ],
)
def test_an_error_has_its_code_and_its_hint_if_any(
    error: DeployerError, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Console().error(error)
    assert capsys.readouterr() == ("", printed)


def test_every_secret_told_so_far_is_masked_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.keep_secret(frozenset({"first-one"}))
    console.keep_secret(frozenset({"second-one"}))
    console.err("first-one and second-one")
    assert capsys.readouterr() == ("", f"{MASK} and {MASK}\n")


def spec_error(detail: str) -> SpecError:
    place = Location(file="specs/endpoint.yml", line=3, column=5)
    return SpecError((Diagnostic(severity=Severity.ERROR, code="c", summary="wrong", detail=detail, location=place),))


def test_diagnostics_are_masked_before_their_lines_are_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(secrets=frozenset({"correct horse battery staple"}))
    console.error(spec_error("word " * 17 + "correct horse battery staple " * 3))
    printed = capsys.readouterr().err
    assert printed.startswith("specs/endpoint.yml:3:5: error: wrong [c]\n")
    assert printed.endswith("1 error in 1 file.\n")
    assert printed.count(MASK) == 3
    assert not {"correct", "horse", "battery", "staple"} & set(printed.split())


@pytest.mark.parametrize("terminal", [True, False])
def test_diagnostics_are_coloured_on_a_terminal(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", Tty() if terminal else io.StringIO())
    monkeypatch.setattr(sys, "stderr", stream)
    Console().error(spec_error(""))
    assert ("\x1b[" in stream.getvalue()) is terminal


def test_a_progress_bar_shows_how_many_of_all_there_were(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = Tty(), Tty()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    assert list(Console().with_progress_bar((letter for letter in "abcd"), 4)) == ["a", "b", "c", "d"]
    assert out.getvalue() == ""
    assert "sending requests" in err.getvalue()
    assert "100%" in err.getvalue()


def test_without_a_terminal_there_is_no_progress_bar(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(Console().with_progress_bar((letter for letter in "abcd"), 4)) == ["a", "b", "c", "d"]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("piped", ["stdin", "stderr", "both"])
def test_a_question_that_nobody_can_answer_is_an_error_and_is_not_printed(
    piped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("stdin", "stderr"):
        monkeypatch.setattr(sys, name, io.StringIO("yes\n") if piped in (name, "both") else Tty("yes\n"))
    stream = sys.stderr
    with pytest.raises(UsageError, match="no terminal") as caught:
        Console().agrees(QUESTION)
    assert caught.value.hint == "Pass --yes."
    assert isinstance(stream, io.StringIO)
    assert stream.tell() == 0


@pytest.mark.parametrize(("typed", "agreed"), [("yes", True), (" yes ", True), ("no", False), ("", False)])
def test_only_the_answer_agrees_and_the_question_is_on_stderr(
    typed: str, agreed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = {"stdin": Tty(f"{typed}\n"), "stdout": Tty(), "stderr": Tty()}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    assert Console().agrees(QUESTION) is agreed
    assert (streams["stdout"].getvalue(), streams["stderr"].getvalue()) == ("", f"{QUESTION.text} ")


def test_without_a_question_everybody_agrees_even_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert Console().agrees(None)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_to_stop_and_the_second_ends_at_once(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    before = signal.getsignal(number)
    with stoppable() as pause:
        assert not pause(0.0)
        signal.raise_signal(number)
        assert pause(0.0)
        assert codes == []
        signal.raise_signal(number)
        assert codes == [130]
    assert signal.getsignal(number) is before
    assert "Stopping after the write in flight; press Ctrl-C again to exit immediately." in capfd.readouterr().err


def test_an_error_gives_the_signals_back_as_well() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyError), stoppable():
        raise KeyError("x")
    assert signal.getsignal(signal.SIGINT) is before
