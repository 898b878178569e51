"""Streams that are closed, full or narrow, and files that cannot be written: told as the user's; nothing is lost."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deployer.commands.console import Console, stoppable
from deployer.commands.files import check_writable, read_whole, write_whole
from deployer.commands.streams import put
from deployer.core.errors import UsageError
from tests.unit.commands.conftest import Shop

FULL = Path("/dev/full")
full = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, which Linux has")


class Gone(io.StringIO):
    """A pipe whose reader has gone away."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


class Full(io.StringIO):
    """A file on a full disk."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_reader_that_goes_away_is_no_problem_and_a_full_disk_is_one() -> None:
    assert put(io.StringIO(), "text") == ""
    assert put(Gone(), "text") == ""
    assert put(Full(), "text") == "No space left on device"


@pytest.mark.parametrize(("stream", "told"), [(Gone(), ""), (Full(), "No space left on device")])
def test_what_cannot_be_printed_changes_no_exit_code(deployed: Shop, stream: io.StringIO, told: str) -> None:
    deployed.declare("digits", blue=50, green=50)
    assert deployed.run("plan", "--env", "dev", "--detailed-exitcode", stdout=stream).code == 2
    said = deployed.run("apply", "--env", "dev", "--yes", stdout=stream)
    assert said.code == 0
    assert told in said.err
    assert "bug" not in said.err
    assert deployed.workspace.state.split("digits") == {"blue": 50, "green": 50}


def test_messages_that_cannot_be_printed_stop_nothing(deployed: Shop) -> None:
    deployed.declare("digits", blue=50, green=50)
    assert deployed.run("apply", "--env", "dev", "--yes", stderr=Gone()).code == 0


def run(arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command in a shell of its own; `deployer` stands for this program."""
    words = arguments.replace("deployer ", f"{sys.executable} -c 'from deployer.cli import main; main()' ")
    environ = {**os.environ, **variables}
    return subprocess.run(["sh", "-c", words], capture_output=True, text=True, env=environ, check=False, timeout=120)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-"])
def test_closed_streams_crash_nothing(closed: str) -> None:
    done = run(f"deployer explain outage {closed}")
    assert (done.returncode, "Traceback" in done.stderr, "bug" in done.stderr) == (0, False, False)


def test_what_a_stream_cannot_encode_is_replaced() -> None:
    done = run("deployer explain deployment.startup_probe && deployer --help", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")


@full
def test_a_full_output_is_told_in_one_sentence() -> None:
    done = run("deployer explain outage > /dev/full")
    assert (done.returncode, done.stderr) == (0, "error: the result could not be written: No space left on device\n")


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_dumb_terminal_gets_no_colours(term: str, deployed: Shop) -> None:
    deployed.monkeypatch.setenv("TERM", term)
    deployed.declare("digits", blue=50, green=50)
    assert "\x1b[" not in deployed.run("plan", "--env", "dev", typed="", color=True).out
    deployed.monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" in deployed.run("plan", "--env", "dev", typed="", color=True).out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_closed_terminal_stops_as_ctrl_c_does(number: signal.Signals) -> None:
    with stoppable() as pause:
        assert not pause(0)
        os.kill(os.getpid(), number)
        assert pause(10)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "plan.json"
    write_whole(file, "first")
    assert read_whole(file) == "first"

    def refuse(self: Path, target: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        with pytest.raises(UsageError, match=r"plan\.json cannot be written: No space left on device"):
            write_whole(file, "second")
    assert read_whole(file) == "first"
    assert list(tmp_path.iterdir()) == [file]


def test_a_place_that_cannot_be_written_is_told_before_the_workspace_is_asked(shop: Shop) -> None:
    for place, reason in (("none/plan.json", "there is no folder none"), ("code", "it is a folder")):
        said = shop.run("plan", "--env", "dev", "--out", place)
        assert (said.code, shop.workspace.opened) == (64, 0)
        assert f"{place} cannot be written: {reason}" in said.err
    check_writable(Path("plan.json"))


def test_a_plan_that_is_no_text_is_told(shop: Shop) -> None:
    (shop.folder / "plan.json").write_bytes(b"\xff\xfe\x00")
    said = shop.run("apply", "plan.json", "--env", "dev")
    assert (said.code, "plan.json cannot be read: it is not UTF-8 text" in said.err) == (64, True)


def test_the_console_goes_on_without_its_error_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Gone())
    Console().err("nobody hears this")
