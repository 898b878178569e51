"""rollback: puts the split from before the last change back, at once, and asks outside the local workspace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.core.bookkeeping import Bookkeeping
from deployer.core.resources import deployment_ref, share_map, state_of, traffic_ref
from tests.unit.commands.conftest import Shop

GREEN_ROLLOUT = {"steps": [10, 100], "bake": "100ms", "checks": {"min_requests": 1}}


@pytest.fixture
def moved(deployed: Shop) -> Shop:
    """Traffic was on blue and is on green."""
    deployed.declare("digits", green=100)
    deployed.applied()
    return deployed


def mirror_of(shop: Shop) -> dict[str, int]:
    return dict(share_map(shop.workspace.state.get(traffic_ref("digits")), "mirror_traffic"))


def test_the_split_before_is_put_back(moved: Shop) -> None:
    said = moved.run("rollback", "--env", "dev", typed="yes")
    assert said.code == 0, said
    assert "Restore this traffic split? Only 'yes' is accepted: " in said.err
    assert moved.workspace.written == ["~ traffic digits"]
    assert moved.workspace.state.split("digits") == {"blue": 100}
    assert "traffic" in said.out.partition("Done:")[2], "the outcome is text for people"


@pytest.mark.parametrize("typed", ["no", "Yes", ""])
def test_only_yes_agrees(moved: Shop, typed: str) -> None:
    said = moved.run("rollback", "--env", "dev", typed=typed)
    assert (said.code, moved.workspace.written) == (1, [])
    assert said.err.endswith("Nothing was changed.\n")


def test_without_a_terminal_it_is_refused(moved: Shop) -> None:
    said = moved.run("rollback", "--env", "dev")
    assert (said.code, moved.workspace.written) == (64, [])
    assert said.err == "error: there is no terminal to ask for confirmation\n  Pass --yes.\n"


@pytest.mark.parametrize("words", [["--env", "dev", "--yes"], ["--env", "local"]])
def test_yes_and_the_local_workspace_are_not_asked(moved: Shop, words: list[str]) -> None:
    said = moved.run("rollback", *words)
    assert (said.code, moved.workspace.written) == (0, ["~ traffic digits"])
    assert "accepted" not in said.err


def test_going_back_twice_is_where_it_began(moved: Shop) -> None:
    assert moved.run("rollback", "--env", "dev", "--yes").code == 0
    assert moved.run("rollback", "--env", "dev", "--yes").code == 0
    assert moved.workspace.state.split("digits") == {"green": 100}


def test_going_back_takes_neither_stages_nor_smoke_tests(moved: Shop) -> None:
    moved.write("request.json", {})
    moved.write(
        "specs/digits/endpoint.yml",
        {"name": "digits", "auth_mode": "key", "traffic": {"green": 100}, "x-rollout": GREEN_ROLLOUT},
    )
    spec = moved.deployment("digits", "blue")
    moved.write("specs/digits/deployment-blue.yml", {**spec, "x-smoke-test": {"request": "../../request.json"}})
    assert moved.run("rollback", "--env", "dev", "--yes").code == 0
    assert moved.workspace.written == ["~ traffic digits"]
    assert moved.workspace.asked == []


def test_it_changes_nothing_but_traffic(moved: Shop) -> None:
    moved.declare("digits", "green", green=100)
    moved.write("specs/digits/endpoint.yml", {"name": "digits", "auth_mode": "key", "description": "new"})
    assert moved.run("rollback", "--env", "dev", "--yes").code == 0
    assert moved.workspace.written == ["~ traffic digits"]


def test_a_deployment_that_is_gone_makes_it_impossible(moved: Shop) -> None:
    kept = {ref: item for ref, item in moved.workspace.state.resources.items() if ref.name != "blue"}
    moved.workspace.state = state_of([*kept.values()])
    moved.declare("digits", "green", green=100)
    said = moved.run("rollback", "--env", "dev", "--yes")
    assert (said.code, moved.workspace.written) == (3, [])
    assert "the earlier traffic split of endpoint digits needs blue, which has been deleted" in said.err


def test_a_mirror_is_taken_off_a_deployment_that_becomes_live(moved: Shop) -> None:
    traffic = moved.workspace.state.get(traffic_ref("digits"))
    assert traffic is not None
    fields = {"traffic": {"green": 100}, "mirror_traffic": {"blue": 20}}
    moved.workspace.state = state_of(
        [*moved.workspace.state.resources.values(), replace(traffic, fields=fields)],
    )
    assert moved.run("rollback", "--env", "dev", "--yes").code == 0
    assert (moved.workspace.state.split("digits"), mirror_of(moved)) == ({"blue": 100}, {})


def test_a_mirror_to_another_deployment_stays(moved: Shop) -> None:
    traffic, blue = (
        moved.workspace.state.get(ref) for ref in (traffic_ref("digits"), deployment_ref("digits", "blue"))
    )
    assert traffic is not None
    assert blue is not None
    fields = {"traffic": {"green": 100}, "mirror_traffic": {"red": 20}}
    red = replace(blue, ref=deployment_ref("digits", "red"))
    moved.workspace.state = state_of([*moved.workspace.state.resources.values(), replace(traffic, fields=fields), red])
    assert moved.run("rollback", "--env", "dev", "--yes").code == 0
    assert (moved.workspace.state.split("digits"), mirror_of(moved)) == ({"blue": 100}, {"red": 20})


def test_without_a_record_there_is_nothing_to_go_back_to(deployed: Shop) -> None:
    said = deployed.run("rollback", "--env", "dev", "--yes")
    assert (said.code, deployed.workspace.written) == (1, [])
    assert "no earlier traffic split is recorded" in said.err


def test_an_endpoint_without_a_record_is_left_alone(moved: Shop) -> None:
    moved.declare("prices", "blue", blue=100)
    moved.applied()
    assert moved.run("rollback", "--env", "dev", "--yes").code == 0
    assert moved.workspace.written == ["~ traffic digits"]


def test_a_split_that_is_live_already_is_not_asked_about(deployed: Shop) -> None:
    traffic = deployed.workspace.state.resources[traffic_ref("digits")]
    noted = replace(traffic.seen, bookkeeping=Bookkeeping(previous_split={"blue": 100}))
    deployed.workspace.state = state_of(
        [*deployed.workspace.state.resources.values(), replace(traffic, observed=noted)]
    )
    said = deployed.run("rollback", "--env", "dev")
    assert (said.code, deployed.workspace.written) == (0, [])
    assert said.out.startswith("No changes.")
