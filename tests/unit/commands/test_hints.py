"""Advised commands run as printed: each is made for the place where the user is, and each can be typed."""

from __future__ import annotations

import ast
import json
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest
from click import shell_completion

import deployer
from deployer.cli import cli
from deployer.commands.hints import ENDPOINTS, ENVS, PROJECTS, Context, in_context, program
from docs.make_commands import local_commands
from tests.unit.commands.conftest import Shop

ROOT = Path(deployer.__file__).parent
ELSEWHERE = Context(env="dev", project=Path("shop folder"), endpoint="digits")
FULL = "--env dev --endpoint digits --project 'shop folder'"


@pytest.mark.parametrize(
    ("told", "printed"),
    [
        ("Run `deployer plan`.", f"Run `deployer plan {FULL}`."),
        ("`deployer plan --env prod` it", "`deployer plan --env prod --endpoint digits --project 'shop folder'` it"),
        ("`deployer apply --endpoint=a`", "`deployer apply --endpoint=a --env dev --project 'shop folder'`"),
        ("`deployer\n   logs blue`", f"`deployer\n   logs blue {FULL}`"),
        ("`deployer apply plan.json`", "`deployer apply plan.json --project 'shop folder'`"),
        ("`deployer validate`", "`deployer validate --env dev --project 'shop folder'`"),
        ("`deployer local down`", "`deployer local down --project 'shop folder'`"),
        ("`deployer explain name-format`", "`deployer explain name-format`"),
        ("Next: deployer status", f"Next: deployer status {FULL}"),
        ("the deployer plans; `make apply`", "the deployer plans; `make apply`"),
    ],
)
def test_a_command_leads_to_where_the_user_is(told: str, printed: str) -> None:
    assert in_context(told, ELSEWHERE) == printed
    assert in_context(told, Context()) == told


def test_twice_is_as_once() -> None:
    once = in_context("Next: deployer score --image a.png", ELSEWHERE)
    assert in_context(once, ELSEWHERE) == once


def test_a_program_that_is_not_on_path_is_called_by_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = tmp_path / "bin" / "deployer"
    called.parent.mkdir()
    called.write_text("#!/bin/sh\n")
    called.chmod(0o700)
    monkeypatch.setattr(sys, "argv", [str(called), "plan"])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program() == "bin/deployer"
    assert in_context("`deployer plan`", Context(program=program())) == "`bin/deployer plan`"
    monkeypatch.setenv("PATH", str(called.parent))
    assert program() == "deployer"


def test_the_options_are_those_that_the_commands_take() -> None:
    takes = {
        name: {option for item in command.params for option in item.opts} for name, command in cli.commands.items()
    }
    assert {name for name, options in takes.items() if "--endpoint" in options} == ENDPOINTS
    assert {name for name, options in takes.items() if "--env" in options} == ENVS
    assert {name for name, options in takes.items() if "--project" in options} == PROJECTS


def advised() -> Iterator[str]:
    """Every command in backticks in the texts of the program; what a text fills in is the name of something."""
    for file in sorted([*ROOT.rglob("*.py"), *ROOT.rglob("*.md")]):
        text = file.read_text(encoding="utf-8")
        texts = strings(ast.parse(text)) if file.suffix == ".py" else [text]
        yield from (command for each in texts for command in re.findall(r"`deployer ([^`]+)`", each))


def strings(tree: ast.Module) -> Iterator[str]:
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def parses(line: str) -> None:
    """Fail unless a command line is one that the program takes."""
    _, name, *words = shlex.split(re.split(r" \|+ ", line)[0])
    command = cli.commands[name]
    if name == "local":
        for word in words[0].split("|") if words else ():
            assert word in local_words(), line
        return
    with click.Context(command) as context:
        command.parse_args(context, words)


def local_words() -> set[str]:
    return {name.split()[0] for name in local_commands()}


@pytest.mark.parametrize("line", sorted(set(advised())))
def test_every_advised_command_can_be_typed(line: str) -> None:
    parses(in_context(f"`deployer {line}`", ELSEWHERE).strip("`"))


PAGES = sorted([*(ROOT.parent / "docs").glob("*.md"), *ROOT.parent.glob("*.md"), *ROOT.parent.glob("examples/*/*.md")])
NOT_COMMANDS = {"deployer COMMAND --help", "deployer validate FILE…", "deployer PLAN"}
"""What stands in backticks and names no command of its own."""


def documented() -> Iterator[str]:
    """Every command in the documentation: in backticks, and after the prompt of a console."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        yield from (" ".join(found.split()) for found in re.findall(r"`(deployer [a-z][^`]*)`", text))
        yield from re.findall(r"^\$ (deployer .*)$", text, re.MULTILINE)


@pytest.mark.parametrize("line", sorted(set(documented()) - NOT_COMMANDS))
def test_every_documented_command_can_be_typed(line: str) -> None:
    """A sentence may name a command, or an option of it, without what follows it."""
    with suppress(click.MissingParameter, click.BadOptionUsage):
        parses(line)


def test_the_documentation_has_commands_to_type() -> None:
    assert len(set(documented())) > 40


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes_commands_as_documented(shell: str) -> None:
    comp = shell_completion.get_completion_class(shell)
    assert comp is not None
    completes = comp(cli, {}, "deployer", "_DEPLOYER_COMPLETE")
    assert "_DEPLOYER_COMPLETE" in completes.source()
    assert [item.value for item in completes.get_completions([], "doc")] == ["doctor"]
    assert "--follow" in {item.value for item in completes.get_completions(["logs"], "--f")}
    guide = (ROOT.parent / "docs/guide.md").read_text(encoding="utf-8")
    assert '`eval "$(_DEPLOYER_COMPLETE=bash_source deployer)"`' in guide


def test_what_comes_next_is_printed_for_here(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.folder.parent)
    here = ("--env", "dev", "--project", str(shop.folder))
    applied = shop.run("apply", "--yes", *here)
    assert f"Next: deployer status {' '.join(here)}\n" in applied.out
    shop.declare("digits", blue=90, green=10)
    told = json.loads(shop.run("apply", "--yes", "--json", *here).out)
    assert told["next_command"] == f"deployer status {' '.join(here)}"
