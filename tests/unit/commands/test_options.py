"""The options that several commands share: what they are without being typed, and the request they become."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from deployer.commands.options import Command, env_option, place_options, plan_options, set_option, spec_options
from deployer.core.plan_options import Allow, Options
from deployer.workspaces import Request
from tests.unit.commands.conftest import Shop


def run(decorated: Command, seen: list[Request], *words: str) -> Request:
    """The request of a command line."""
    result = CliRunner().invoke(click.command(decorated), words, standalone_mode=False)
    assert result.exception is None, result.exception
    assert result.return_value == "done"
    return seen.pop()


def command(seen: list[Request]) -> Command:
    def keep(*, request: Request) -> str:
        seen.append(request)
        return "done"

    return keep


@pytest.mark.parametrize("options", [place_options, spec_options, plan_options])
def test_what_is_not_typed_has_a_default(options: Command) -> None:
    seen: list[Request] = []
    assert run(options(command(seen)), seen) == Request(project=Path(), env="local", options=Options())


@pytest.mark.parametrize(
    ("options", "words", "wanted"),
    [
        (place_options, "--endpoint digits", Options(endpoint="digits")),
        (spec_options, "--set a=1 --set b.c=2", Options(overrides=("a=1", "b.c=2"))),
        (plan_options, "--endpoint digits --set a=1", Options(endpoint="digits", overrides=("a=1",))),
        (plan_options, "--prune", Options(prune=True)),
        (plan_options, "--allow-outage", Options(allow=frozenset({Allow.OUTAGE}))),
        (plan_options, "--allow-deletes", Options(allow=frozenset({Allow.DELETES}))),
        (plan_options, "--adopt", Options(allow=frozenset({Allow.ADOPT}))),
        (plan_options, "--adopt --allow-outage", Options(allow=frozenset({Allow.ADOPT, Allow.OUTAGE}))),
    ],
)
def test_the_words_become_one_request(options: Command, words: str, wanted: Options) -> None:
    seen: list[Request] = []
    found = run(options(command(seen)), seen, "--project", "there", "--env", "dev", *words.split())
    assert found == Request(project=Path("there"), env="dev", options=wanted)


@pytest.mark.parametrize(
    ("options", "word"),
    [(place_options, "--set"), (place_options, "--prune"), (spec_options, "--prune"), (spec_options, "--adopt")],
)
def test_a_command_takes_no_option_that_means_nothing_to_it(options: Command, word: str) -> None:
    with pytest.raises(click.NoSuchOption):
        click.command(options(command([]))).make_context("x", [word, "a=1"])


def test_the_command_keeps_its_name_and_its_help() -> None:
    def describe(*, request: Request) -> None:
        """What it does."""

    made = click.command(plan_options(describe))
    assert (made.name, made.help) == ("describe", "What it does.")


def test_the_help_shows_the_default_env_and_how_to_override() -> None:
    def describe(*, env: str, project: Path, overrides: tuple[str, ...]) -> None:
        """What it does."""

    said = CliRunner().invoke(click.command(set_option(env_option(describe))), ["--help"]).output
    assert "[default: local]" in " ".join(said.split())
    assert "--set A.B=C" in said


def env_of(shop: Shop, *words: str) -> str:
    """The env that a command acted on."""
    said = shop.run(*words)
    assert said.code == 0, said
    return said.where.partition(" ")[0]


def test_the_env_can_be_said_before_the_command_after_it_or_by_a_variable(
    deployed: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert env_of(deployed, "status") == "local"
    assert env_of(deployed, "status", "-e", "dev") == env_of(deployed, "-e", "dev", "status") == "dev"
    monkeypatch.setenv("DEPLOYER_ENV", "dev")
    assert env_of(deployed, "status") == env_of(deployed, "drift") == "dev"
    assert env_of(deployed, "--env", "local", "status") == env_of(deployed, "status", "--env", "local") == "local"
    assert env_of(deployed, "--env", "dev", "status", "--env", "local") == "local"


def test_hints_name_the_env_wherever_it_was_said(shop: Shop) -> None:
    said = shop.run("-e", "dev", "plan", "--out", "plan.json")
    assert "`deployer apply plan.json`" in said.err
    assert "Next: deployer status --env dev" in shop.run("-e", "dev", "apply", "--yes").out


def test_project_and_endpoint_can_be_said_before_the_command(deployed: Shop) -> None:
    words = ("--project", str(deployed.folder), "--endpoint", "prices", "--env", "dev", "status")
    assert "prices  not deployed" in deployed.run(*words).out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--env", "dev", "explain", "outage"], "`explain` takes no --env"),
        (["--endpoint", "digits", "validate"], "`validate` takes no --endpoint"),
    ],
)
def test_an_option_before_a_command_that_does_not_take_it_is_wrong_usage(
    shop: Shop, words: list[str], problem: str
) -> None:
    said = shop.run(*words)
    assert (said.code, said.out) == (64, "")
    assert problem in said.err


def test_the_variable_stops_no_command_without_an_env(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYER_ENV", "nowhere")
    assert shop.run("explain", "traffic-sum").code == 0
    shop.write("single.yml", {"name": "digits", "auth_mode": "key"})
    assert shop.run("validate", "single.yml", "--no-files").code == 0
    assert shop.run("-e", "nowhere", "validate", "single.yml").code == 1
    assert shop.run("validate").code == 1
