"""While the SDK works its threads are mute, ours are not, and the process is left as it was."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

import pytest

from deployer.azureml.silence_sdk import sdk_at_work


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
