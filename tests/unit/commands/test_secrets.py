"""What specs say is secret is masked in whatever is printed after they were read, also where a workspace tells it."""

from __future__ import annotations

import pytest

from deployer.core.errors import WorkspaceError
from deployer.core.plan import Step
from deployer.core.redaction import MASK
from deployer.core.resources import Ref, State
from deployer.core.workspace import Wanted
from tests.unit.commands.conftest import Shop
from tests.unit.memory import answer

SECRET = "hunter2-and-more"


def keep_a_secret(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment of the specs has it in a variable, and every read of the workspace fails with it."""
    monkeypatch.setenv("SHOP_TOKEN", SECRET)
    shop.declare("digits", "blue", blue=100)
    variables = {"environment_variables": {"TOKEN": "{{ secret('SHOP_TOKEN') }}"}}
    shop.write("specs/digits/deployment-blue.yml", {**shop.deployment("digits", "blue"), **variables})

    def tell(_: Wanted | Ref, *_rest: object) -> State:
        raise WorkspaceError(f"the token {SECRET} is not good enough")

    monkeypatch.setattr(shop.workspace, "observe", tell)
    monkeypatch.setattr(shop.workspace, "logs", tell)


@pytest.mark.parametrize(
    "words",
    [
        ("plan",),
        ("apply", "--yes"),
        ("drift",),
        ("rollback",),
        ("rollback", "--endpoint", "digits"),
        ("logs", "blue"),
        ("logs", "blue", "--endpoint", "digits"),
    ],
)
def test_a_secret_is_masked_in_what_a_workspace_says(
    words: tuple[str, ...], shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_a_secret(shop, monkeypatch)
    said = shop.run(*words, "--env", "dev")
    assert said.code == 1
    assert "is not good enough" in said.err
    assert SECRET not in said.out + said.err


def test_a_secret_is_masked_in_the_progress_of_an_apply(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", SECRET)
    variables = {"environment_variables": {"TOKEN": "{{ secret('SHOP_TOKEN') }}"}}
    shop.write("specs/digits/deployment-blue.yml", {**shop.deployment("digits", "blue"), **variables})

    def refuse(step: Step) -> None:
        raise WorkspaceError(f"the token {SECRET} is not good enough")

    shop.workspace.before_execute = refuse
    said = shop.run("apply", "--env", "dev", "--yes")
    assert said.code == 1
    assert f"could not create endpoint digits: the token {MASK} is not good enough" in said.err
    assert SECRET not in said.out + said.err


def test_a_secret_is_masked_in_an_answer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_a_secret(shop, monkeypatch)
    shop.write("request.json", {})
    shop.workspace.respond = lambda name, now: answer(f'["{SECRET}"]'.encode())
    for words in ([], ["--json"]):
        said = shop.run("score", "--env", "dev", "--request", "request.json", *words)
        assert said.code == 0
        assert MASK in said.out
        assert SECRET not in said.out + said.err


def test_a_secret_is_masked_in_what_is_rendered_unless_it_is_wanted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_a_secret(shop, monkeypatch)
    assert SECRET not in shop.run("render", "--env", "dev").out
    assert SECRET in shop.run("render", "--env", "dev", "--show-secrets").out
