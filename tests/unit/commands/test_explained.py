"""Every code that a command can print has a page."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import deployer
from deployer.authoring.explain import pages
from tests.unit.commands.conftest import Shop

ROOT = Path(deployer.__file__).parent


def codes_in(tree: ast.Module) -> Iterator[str]:
    """What is passed as `code=` to anything, where that is a text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
            yield str(node.value.value)


def codes() -> set[str]:
    """The codes of diagnostics, findings and failures of the deployer itself."""
    files = [file for file in ROOT.rglob("*.py") if "local_workspace" not in file.parts]
    return {code for file in files for code in codes_in(ast.parse(file.read_text(encoding="utf-8")))} - {""}


@pytest.mark.parametrize("code", sorted(codes()))
def test_a_code_has_a_page(code: str) -> None:
    assert pages()[code]


def test_there_are_codes_of_every_form() -> None:
    assert {"SmokeTestFailed", "outage", "traffic-sum"} <= codes() | set(pages())


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("SmokeTestFailed", "`--again` says so"),
        ("ResourceNotReady", "The container does not start"),
        ("BadArgument", "Azure rejected one of the values"),
        ("SomethingNewOfAzure", "how-to-troubleshoot-online-endpoints"),
    ],
)
def test_codes_of_failures_and_of_azure_are_explained(shop: Shop, code: str, told: str) -> None:
    said = shop.run("explain", code)
    assert (said.code, said.out.splitlines()[0]) == (0, code)
    assert told in " ".join(said.out.split())


@pytest.mark.parametrize("word", ["smoke", "Smoke", "x-smoketest", "SMOKE"])
def test_other_words_are_no_codes_of_azure(shop: Shop, word: str) -> None:
    assert shop.run("explain", word).code == 1
