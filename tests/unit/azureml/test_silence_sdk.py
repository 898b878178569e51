"""While the SDK works its threads are mute, ours are not, and the process is left as it was."""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from deployer.azureml.silence_sdk import sdk_at_work, silence


def in_thread(work: Callable[[], None], name: str) -> None:
    thread = threading.Thread(target=work, name=name)
    thread.start()
    thread.join()


def test_only_the_sdk_is_mute(capsys: pytest.CaptureFixture[str]) -> None:
    with sdk_at_work({}):
        print("dot")
        print("dot", file=sys.stderr)
        in_thread(lambda: print("."), "LROPoller(1)")
        in_thread(lambda: print("ours"), "apply_0")
        with sdk_at_work({}):
            pass
        print("still a dot")
    print("after")
    assert capsys.readouterr() == ("ours\nafter\n", "")


def test_the_environment_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET_BEFORE", "1")
    monkeypatch.delenv("UNSET_BEFORE", raising=False)
    monkeypatch.delenv("SET_BY_SDK", raising=False)
    with sdk_at_work({"SET_BEFORE": "2", "UNSET_BEFORE": "3", "SET_BY_SDK": None}):
        os.environ["SET_BY_SDK"] = "4"
        with sdk_at_work({"SET_BEFORE": "5"}):
            pass
        assert (os.environ["SET_BEFORE"], os.environ["UNSET_BEFORE"]) == ("5", "3")
    assert (os.environ["SET_BEFORE"], "UNSET_BEFORE" in os.environ, "SET_BY_SDK" in os.environ) == ("1", False, False)


def test_streams_that_somebody_else_put_in_meanwhile_stay(capsys: pytest.CaptureFixture[str]) -> None:
    theirs = sys.stdout
    with sdk_at_work({}):
        sys.stdout = theirs
    assert sys.stdout is theirs


class Terminal(io.TextIOWrapper):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def test_our_own_threads_see_the_stream_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "out").open("wb") as file:
        theirs = Terminal(file, encoding="latin-1")
        monkeypatch.setattr(sys, "stdout", theirs)
        with sdk_at_work({}):
            ours = sys.stdout
            assert ours is not theirs
            assert (ours.isatty(), ours.fileno(), ours.encoding) == (True, file.fileno(), "latin-1")
            assert ours.write("dots") == 4
            in_thread(lambda: print("\xe9", file=ours, flush=True), "apply_0")
            assert (tmp_path / "out").read_bytes() == b"\xe9\n"


def test_a_stream_that_is_no_terminal_stays_none(capsys: pytest.CaptureFixture[str]) -> None:
    with sdk_at_work({}):
        assert not sys.stdout.isatty()
    assert capsys.readouterr().out == ""


LOGGERS = ("azure", "msrest", "msal")


def test_the_loggers_of_the_sdk_are_silent_and_the_others_are_not() -> None:
    known = [logging.getLogger(name) for name in (*LOGGERS, "azure.ai.ml", "azurelike", "azurelike.part")]
    before = [(logger.level, logger.propagate, logger.handlers[:]) for logger in known]
    for logger in known:
        logger.setLevel(logging.INFO)
        logger.propagate = True
        logger.handlers[:] = [logging.NullHandler()]
    silence()
    after = [(logger.isEnabledFor(logging.CRITICAL), logger.propagate, bool(logger.handlers)) for logger in known]
    for logger, (level, propagate, handlers) in zip(known, before, strict=True):
        logger.setLevel(level)
        logger.propagate = propagate
        logger.handlers[:] = handlers
    assert after == [(False, False, True)] * 3 + [(False, True, False)] + [(True, True, True)] * 2


@pytest.mark.parametrize(
    ("module", "shown"),
    [("azure.ai.ml", 0), ("msrest", 0), ("marshmallow.fields", 0), ("azurelike", 1), ("score", 1)],
)
def test_warnings_of_the_sdk_are_not_shown_and_others_are(module: str, shown: int) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        silence()
        warnings.warn_explicit("old", UserWarning, f"{module}.py", 1, module=module)
    assert len(caught) == shown
