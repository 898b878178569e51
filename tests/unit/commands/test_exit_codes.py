"""The table of exit codes in the guide: each row is a run that ends so."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from deployer.core.plan import Step
from tests.unit.commands.conftest import Said, Shop

GUIDE = Path("docs/guide.md").read_text(encoding="utf-8")
TABLE = GUIDE.partition("| exit code | meaning |")[2].partition("\n\n")[0]
ROWS = {int(code): meaning for code, meaning in re.findall(r"^\| (\d+) \| (.+) \|$", TABLE, re.MULTILINE)}


def changed(shop: Shop) -> None:
    shop.declare("digits", green=100)


def nothing_to_do(shop: Shop) -> list[Said]:
    return [
        shop.run(*words, "--env", "dev") for words in (("apply", "--yes"), ("plan", "--detailed-exitcode"), ("drift",))
    ]


def invalid_or_failed(shop: Shop) -> list[Said]:
    changed(shop)

    def fail(step: Step) -> None:
        raise OSError("the network is gone")

    shop.workspace.before_execute = fail
    failed = shop.run("apply", "--env", "dev", "--yes")
    shop.write("specs/digits/endpoint.yml", {"name": "digits", "auth_mod": "key"})
    return [failed, shop.run("validate", "--env", "dev"), shop.run("plan", "--env", "dev")]


def pending(shop: Shop) -> list[Said]:
    changed(shop)
    return [shop.run(*words, "--env", "dev") for words in (("plan", "--detailed-exitcode"), ("drift",))]


def refused(shop: Shop) -> list[Said]:
    shop.declare("digits")
    commands = (("plan",), ("plan", "--detailed-exitcode"), ("drift",), ("apply", "--yes"))
    return [shop.run(*words, "--env", "dev") for words in commands]


def stopped_in_time(shop: Shop) -> list[Said]:
    changed(shop)
    return [shop.run("apply", "--env", "dev", "--yes", "--max-minutes", "1e-9")]


def wrong_usage(shop: Shop) -> list[Said]:
    changed(shop)
    return [shop.run("plan", "--environment", "dev"), shop.run("appyl"), shop.run("apply", "--env", "dev")]


def interrupted(shop: Shop) -> list[Said]:
    changed(shop)
    shop.workspace.before_execute = lambda step: signal.raise_signal(signal.SIGTERM)
    return [shop.run("apply", "--env", "dev", "--yes")]


RUNS: Mapping[int, Callable[[Shop], list[Said]]] = {
    0: nothing_to_do,
    1: invalid_or_failed,
    2: pending,
    3: refused,
    4: stopped_in_time,
    64: wrong_usage,
    130: interrupted,
}


def test_the_guide_lists_these_codes_and_no_other() -> None:
    assert ROWS.keys() == RUNS.keys()


@pytest.mark.parametrize("code", RUNS)
def test_runs_end_as_the_guide_says(code: int, deployed: Shop) -> None:
    ended = RUNS[code](deployed)
    assert [said.code for said in ended] == [code] * len(ended), [said.out + said.err for said in ended]


def test_the_commands_that_the_guide_names_for_a_code_have_it() -> None:
    named = {code: re.findall(r"`([a-z]+)[^`]*`", meaning) for code, meaning in ROWS.items()}
    assert named[2] == ["plan", "drift"]
    assert named[3] == ["plan", "drift"]
