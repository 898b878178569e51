"""Who is asked before a write, what counts as agreement, and what happens where nobody can be asked."""

from __future__ import annotations

import sys

import pytest

from deployer.core.resources import Kind, state_of
from tests.unit.commands.conftest import Shop, Tty


def test_an_apply_outside_the_local_workspace_asks_and_yes_agrees(shop: Shop) -> None:
    said = shop.run("apply", "--env", "dev", typed="yes")
    assert said.code == 0, said
    assert "Apply these changes to env dev? Only 'yes' is accepted: " in said.err
    assert "+ endpoint digits" in shop.workspace.written


@pytest.mark.parametrize("typed", ["no", "y", "YES", "Yes", "", "yes please"])
def test_only_yes_agrees(shop: Shop, typed: str) -> None:
    said = shop.run("apply", "--env", "dev", typed=typed)
    assert (said.code, shop.workspace.written) == (1, [])
    assert said.err.endswith("Nothing was applied.\n")


def test_without_a_terminal_an_apply_is_refused_before_the_workspace_is_read(shop: Shop) -> None:
    said = shop.run("apply", "--env", "dev")
    assert (said.code, said.out, shop.workspace.opened) == (64, "", 0)
    assert said.err == (
        "error: there is no terminal to ask for confirmation\n"
        "  Pass --yes, or apply a saved plan: `deployer apply plan.json`.\n"
    )


def test_yes_needs_no_terminal_and_is_not_asked(shop: Shop) -> None:
    said = shop.run("apply", "--env", "dev", "--yes")
    assert said.code == 0
    assert "accepted" not in said.err
    assert shop.workspace.written


def test_the_local_workspace_never_asks(shop: Shop) -> None:
    said = shop.run("apply")
    assert said.code == 0
    assert "accepted" not in said.err
    assert shop.workspace.written


def test_a_saved_plan_was_reviewed_and_does_not_ask(shop: Shop) -> None:
    assert shop.run("plan", "--env", "dev", "--out", "plan.json").code == 0
    said = shop.run("apply", "plan.json")
    assert said.code == 0
    assert "accepted" not in said.err
    assert shop.workspace.written


def test_a_stale_saved_plan_is_refused_and_nothing_is_written(shop: Shop) -> None:
    assert shop.run("plan", "--env", "dev", "--out", "plan.json").code == 0
    shop.declare("digits", green=100)
    said = shop.run("apply", "plan.json")
    assert (said.code, shop.workspace.written) == (3, [])
    assert "the saved plan is stale" in said.err


def test_a_refused_plan_does_not_ask(deployed: Shop) -> None:
    deployed.declare("digits", blue=0)
    said = deployed.run("apply", "--env", "dev", typed="yes")
    assert (said.code, deployed.workspace.written) == (3, [])
    assert "the plan is refused: 1 finding above must be resolved first" in said.err
    assert "accepted" not in said.err


def test_nothing_to_do_does_not_ask(deployed: Shop) -> None:
    said = deployed.run("apply", "--env", "dev", typed="no")
    assert (said.code, deployed.workspace.written) == (0, [])
    assert "accepted" not in said.err


@pytest.mark.parametrize("flag", [["--allow-outage"], ["--adopt"], ["--allow-deletes"]])
def test_a_flag_lifts_its_own_refusal_alone(deployed: Shop, flag: list[str]) -> None:
    deployed.declare("digits", blue=0)
    lifted = deployed.run("plan", "--env", "dev", *flag).code == 0
    assert lifted is (flag == ["--allow-outage"])


def test_adopt_takes_over_what_this_tool_did_not_make(deployed: Shop) -> None:
    deployed.workspace.owned_by("")
    deployed.declare("digits", green=100)
    assert deployed.run("apply", "--env", "dev", "--yes").code == 3
    assert deployed.run("apply", "--env", "dev", "--yes", "--adopt").code == 0
    assert deployed.workspace.written == ["~ traffic digits"]


def test_a_saved_plan_keeps_its_flags(deployed: Shop) -> None:
    deployed.declare("digits", blue=0)
    assert deployed.run("plan", "--env", "dev", "--allow-outage", "--out", "plan.json").code == 0
    assert '"allow": [\n      "outage"\n    ]' in (deployed.folder / "plan.json").read_text()
    assert deployed.run("apply", "plan.json").code == 0
    assert deployed.workspace.state.split("digits") == {}


@pytest.mark.parametrize("piped", ["stdin", "stderr"])
def test_a_question_nobody_sees_or_can_answer_is_not_asked(shop: Shop, piped: str) -> None:
    said = shop.run("apply", "--env", "dev", typed="yes", piped=piped)
    assert (said.code, shop.workspace.written) == (64, [])
    assert shop.run("apply", "--env", "dev", typed="yes", piped="stdout").code == 0


def test_colour_is_for_terminals_and_no_color_turns_it_off(shop: Shop) -> None:
    escape = "\x1b["
    assert escape in shop.run("plan", typed="", color=True).out
    assert escape not in shop.run("plan", typed="").out
    assert escape not in shop.run("plan", color=True).out


@pytest.mark.parametrize(
    "words", [["apply", "--env", "dev"], ["rollback", "--env", "dev"], ["destroy", "--env", "dev"]]
)
def test_what_is_asked_about_was_shown_before(deployed: Shop, words: list[str]) -> None:
    deployed.declare("digits", green=100)
    deployed.applied()
    deployed.declare("digits", blue=50, green=50)
    asked_at: list[str] = []

    def look(stream: Tty) -> str:
        assert isinstance(sys.stdout, Tty)
        asked_at.append(sys.stdout.getvalue())
        return "no\n"

    deployed.monkeypatch.setattr(Tty, "readline", look)
    said = deployed.run(*words, typed="no")
    assert (said.code, deployed.workspace.written) == (1, [])
    assert len(asked_at) == 1
    assert "to create" in asked_at[0]
    assert "digits" in asked_at[0]


def test_with_json_the_plan_is_shown_on_stderr_before_the_question(shop: Shop) -> None:
    said = shop.run("apply", "--env", "dev", "--json", typed="no")
    assert (said.code, said.out, shop.workspace.written) == (1, "", [])
    plan, _, rest = said.err.partition("Apply these changes")
    assert "3 to create" in plan
    assert "Nothing was applied." in rest


def test_a_plan_without_changes_that_is_refused_is_no_success(deployed: Shop) -> None:
    """The model that a deployment names has gone from the workspace."""
    kept = [item for ref, item in deployed.workspace.state.resources.items() if ref.kind is not Kind.MODEL]
    deployed.workspace.state = state_of(kept)
    said = deployed.run("apply", "--env", "dev", "--yes")
    assert (said.code, deployed.workspace.written) == (3, [])
    assert "No changes" in said.out
    assert "the plan is refused: 2 findings above must be resolved first" in said.err


def test_a_saved_plan_is_applied_to_its_own_env(shop: Shop) -> None:
    shop.write("specs/env/other.yml", {"project": "other", "workspace": "local"})
    assert shop.run("plan", "--env", "other", "--out", "plan.json").code == 0
    shop.workspace.owner = "other"
    said = shop.run("apply", "plan.json", "--env", "dev")
    assert said.code == 0, said
    assert "deployer status --env other" in said.out


def test_a_saved_plan_that_cannot_be_read_is_wrong_usage(shop: Shop) -> None:
    said = shop.run("apply", "nowhere.json")
    assert (said.code, said.err) == (64, "error: nowhere.json cannot be read: No such file or directory\n")


def test_a_file_that_is_no_plan_is_named(shop: Shop) -> None:
    shop.write("other.json", {"kind": "something"})
    said = shop.run("apply", "other.json")
    assert said.code == 64
    assert said.err.startswith("error: other.json ")
