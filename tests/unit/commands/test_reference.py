"""Every command has a page, an example that can be typed, and a test that runs it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.cli import cli
from deployer.local_workspace.__main__ import Asked
from docs.make_commands import EXAMPLE, local_commands, reference

ROOT = Path(__file__).parents[3]
LOCAL = {f"local {name}": command for name, command in local_commands().items()}
ALL = [*sorted(cli.commands), *sorted(LOCAL)]
RUNNERS = {"run", "deployer"}
"""The functions of tests that run a command: it is what they are called with."""


def help_of(name: str) -> str:
    return (LOCAL if name in LOCAL else cli.commands)[name].help or ""


def example_of(name: str) -> list[str]:
    return help_of(name).partition(EXAMPLE)[2].split()


def examples() -> set[str]:
    """The examples of all helps, without the name of the program."""
    return {" ".join(example_of(name)).removeprefix("deployer ") for name in ALL}


def literals(call: ast.Call) -> tuple[str, ...]:
    """The words that a test runs, as far as they are written out."""
    found = []
    for argument in call.args:
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            break
        found.append(argument.value)
    return tuple(found)


def runs_in(source: str) -> Iterator[str]:
    """The commands that a file of tests runs."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUNNERS:
            words = literals(node)
            yield from (" ".join(words[:length]) for length in range(1, len(words) + 1))


def test_the_page_of_commands_is_current() -> None:
    """`python docs/make_commands.py` writes it."""
    assert (ROOT / "docs/commands.md").read_text(encoding="utf-8") == reference()


@pytest.mark.parametrize("name", ALL)
def test_a_command_has_a_section_of_the_page(name: str) -> None:
    assert f"\n## deployer {name}\n" in reference()


@pytest.mark.parametrize("name", ALL)
def test_the_help_ends_with_an_example_of_that_command(name: str) -> None:
    assert " ".join(example_of(name)).startswith(f"deployer {name}")


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_the_example_is_one_that_the_command_takes(name: str) -> None:
    program, command, *words = example_of(name)
    assert (program, command) == ("deployer", name)
    assert cli.commands[name].make_context(name, words)


@pytest.mark.parametrize("name", sorted(LOCAL))
def test_the_example_of_a_local_command_is_one_that_it_takes(name: str) -> None:
    length = len(name.split())
    assert example_of(name)[: 1 + length] == ["deployer", *name.split()]
    assert LOCAL[name].make_context(name, example_of(name)[1 + length :], obj=Asked())


def test_every_command_is_run_by_a_test() -> None:
    files = [*(ROOT / "tests/unit/commands").glob("test_*.py"), *(ROOT / "tests/e2e").rglob("test_*.py")]
    run = {words for file in files for words in runs_in(file.read_text(encoding="utf-8"))}
    assert [name for name in ALL if name not in run] == []


def test_a_command_that_is_only_mentioned_counts_as_not_run() -> None:
    source = 'text = "frobnicate"\nproject.run("plan", "--env", "dev")\nproject.tell("destroy")\n'
    assert set(runs_in(source)) == {"plan", "plan --env", "plan --env dev"}
