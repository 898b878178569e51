"""destroy: deletes what the specs declare, and only once the right names were given."""

from __future__ import annotations

import pytest

from deployer.core.plan import Action, Step
from tests.unit.commands.conftest import Shop

QUESTION = "Type 'digits' to confirm the deletion, including all deployments: "


def test_the_right_name_deletes_the_endpoint_with_everything_on_it(deployed: Shop) -> None:
    said = deployed.run("destroy", "--env", "dev", typed="digits")
    assert said.code == 0, said
    assert QUESTION in said.err
    assert deployed.workspace.written == ["- endpoint digits"]
    assert not deployed.workspace.state.endpoints()
    assert "endpoint digits" in said.out.partition("Done:")[2], "the outcome is text for people"


@pytest.mark.parametrize("typed", ["yes", "digit", "Digits", "digits blue", ""])
def test_any_other_answer_deletes_nothing(deployed: Shop, typed: str) -> None:
    said = deployed.run("destroy", "--env", "dev", typed=typed)
    assert (said.code, deployed.workspace.written) == (1, [])
    assert said.err.endswith("Nothing was deleted.\n")


@pytest.mark.parametrize("env", ["dev", "local"])
def test_it_asks_in_the_local_workspace_as_well(deployed: Shop, env: str) -> None:
    said = deployed.run("destroy", "--env", env)
    assert (said.code, deployed.workspace.written) == (64, [])
    assert said.err == "error: there is no terminal to ask for confirmation\n  To confirm, pass --yes digits.\n"


def test_yes_with_the_right_name_does_not_ask(deployed: Shop) -> None:
    said = deployed.run("destroy", "--env", "dev", "--yes", "digits")
    assert (said.code, deployed.workspace.written) == (0, ["- endpoint digits"])
    assert QUESTION not in said.err


@pytest.mark.parametrize("typed", [None, "digits"])
def test_yes_with_another_name_is_refused_and_the_name_is_quoted(deployed: Shop, typed: str | None) -> None:
    said = deployed.run("destroy", "--env", "dev", "--yes", "wrong", typed=typed)
    assert (said.code, deployed.workspace.written) == (64, [])
    assert said.err.endswith(
        "error: --yes names 'wrong', but these specs delete 'digits'; nothing was deleted\n"
        "  To confirm, pass --yes digits.\n"
    )


def test_several_endpoints_are_all_named(deployed: Shop) -> None:
    deployed.declare("prices", "blue", blue=100)
    deployed.applied()
    assert deployed.run("destroy", "--env", "dev", "--yes", "digits").code == 64
    assert "To confirm, pass --yes 'digits prices'." in deployed.run("destroy", "--env", "dev").err
    assert deployed.workspace.written == []
    assert deployed.run("destroy", "--env", "dev", "--yes", "digits prices").code == 0
    assert sorted(deployed.workspace.written) == ["- endpoint digits", "- endpoint prices"]


def test_only_the_endpoint_that_was_named_goes(deployed: Shop) -> None:
    deployed.declare("prices", "blue", blue=100)
    deployed.applied()
    assert deployed.run("destroy", "--env", "dev", "--endpoint", "prices", "--yes", "prices").code == 0
    assert deployed.workspace.written == ["- endpoint prices"]


def test_what_does_not_exist_is_not_asked_about(shop: Shop) -> None:
    said = shop.run("destroy", "--env", "dev")
    assert (said.code, said.out) == (0, "Nothing to destroy: none of the endpoints in the specs exists.\n")
    assert shop.workspace.written == []


def test_a_protected_endpoint_stays_whatever_was_typed(deployed: Shop) -> None:
    deployed.write(
        "specs/digits/endpoint.yml", {"name": "digits", "auth_mode": "key", "traffic": {"blue": 100}, "x-protect": True}
    )
    deployed.applied()
    said = deployed.run("destroy", "--env", "dev", "--yes", "digits")
    assert (said.code, deployed.workspace.written) == (3, [])
    assert "[protected]" in said.out


def test_somebody_elses_endpoint_stays(deployed: Shop) -> None:
    deployed.workspace.owned_by("other")
    said = deployed.run("destroy", "--env", "dev", "--yes", "digits")
    assert (said.code, deployed.workspace.written) == (3, [])
    assert "belongs to the project other" in said.out


def test_the_plan_is_shown_before_the_question(deployed: Shop) -> None:
    said = deployed.run("destroy", "--env", "dev", typed="no")
    assert "0 to create, 0 to update, 1 to delete" in said.out


def test_a_delete_that_fails_is_an_error(deployed: Shop) -> None:
    def refuse(step: Step) -> None:
        assert step.action is Action.DELETE
        raise OSError("gone")

    deployed.workspace.before_execute = refuse
    said = deployed.run("destroy", "--env", "dev", "--yes", "digits")
    assert said.code == 1
    assert "deployer plan --env dev" in said.out
