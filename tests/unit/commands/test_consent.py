"""Who is asked before a write, what counts as agreement, and what happens where nobody can be asked."""

from __future__ import annotations

import pytest

from tests.unit.commands.conftest import Shop


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
