"""The commands that only read: what they print, what they mask, and how they exit."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from deployer.core.errors import Unreachable
from deployer.core.resources import Bookkeeping, Kind, asset_ref, endpoint_ref, traffic_ref
from deployer.core.workspace import Answer
from deployer.planning.rollout import FAILED_MARK, rollout_mark
from tests.unit.commands.conftest import KEYS, Shop
from tests.unit.memory import answer


def test_a_plan_writes_nothing_and_says_when_changes_are_pending(shop: Shop) -> None:
    assert shop.run("plan", "--env", "dev").code == 0
    pending = shop.run("plan", "--env", "dev", "--detailed-exitcode", "--format", "json")
    assert pending.code == 2
    assert json.loads(pending.out)["counts"]["create"] == 3
    assert "### Plan for `dev`" in shop.run("plan", "--env", "dev", "--format", "markdown").out
    assert shop.workspace.written == []
    shop.applied()
    assert shop.run("plan", "--env", "dev", "--detailed-exitcode").code == 0


def test_a_refused_plan_exits_with_3_with_and_without_the_detailed_exit_code(deployed: Shop) -> None:
    deployed.declare("digits", blue=0)
    assert deployed.run("plan", "--env", "dev").code == 3
    assert deployed.run("plan", "--env", "dev", "--detailed-exitcode").code == 3


def test_pruning_is_asked_for(deployed: Shop) -> None:
    deployed.declare("digits", "blue", blue=100)
    assert "1 to delete" not in deployed.run("plan", "--env", "dev").out
    assert "1 to delete" in deployed.run("plan", "--env", "dev", "--prune").out


def test_set_overrides_a_field_for_one_run(deployed: Shop) -> None:
    said = deployed.run("plan", "--env", "dev", "--set", "instance_count=3", "--detailed-exitcode")
    assert said.code == 2
    assert "2 to update" in said.out


def test_drift_exits_with_2_where_the_workspace_differs(deployed: Shop) -> None:
    same = deployed.run("drift", "--env", "dev")
    assert (same.code, same.out) == (0, "No drift: the workspace matches the specs.\n")
    deployed.declare("digits", green=100)
    assert deployed.run("drift", "--env", "dev").code == 2
    assert deployed.workspace.written == []


def test_drift_exits_with_3_where_apply_would_be_refused(deployed: Shop) -> None:
    state = deployed.workspace.state
    left = {ref: item for ref, item in state.resources.items() if ref != asset_ref(Kind.MODEL, "digits", "1")}
    deployed.workspace.state = replace(state, resources=left)
    said = deployed.run("drift", "--env", "dev")
    assert said.code == 3
    assert "[asset-missing]" in said.out
    assert "No drift" not in said.out


def test_drift_says_that_a_rollout_was_put_back(deployed: Shop) -> None:
    deployed.declare("digits", green=100)
    assert "failed" not in deployed.run("drift", "--env", "dev").out
    traffic = deployed.workspace.state.resources[traffic_ref("digits")]
    noted = Bookkeeping(rollout=rollout_mark({"green": 100}, FAILED_MARK))
    failed = replace(traffic, observed=replace(traffic.seen, bookkeeping=noted))
    deployed.workspace.state = replace(
        deployed.workspace.state, resources={**deployed.workspace.state.resources, failed.ref: failed}
    )
    assert "The last rollout of endpoint digits failed and was undone" in deployed.run("drift", "--env", "dev").out


def test_keys_show_their_beginning_alone(deployed: Shop) -> None:
    said = deployed.run("keys", "--env", "dev")
    assert said.out == (
        "primary    prim… (18 characters; --show-secrets)\nsecondary  seco… (20 characters; --show-secrets)\n"
    )
    assert deployed.run("keys", "--env", "dev", "--show-secrets").out == f"primary    {KEYS[0]}\nsecondary  {KEYS[1]}\n"


def test_status_shows_what_is_live(deployed: Shop) -> None:
    said = deployed.run("status", "--env", "dev")
    assert said.code == 0
    assert {"digits", "blue", "green"} <= set(said.out.replace("/", " ").split())


def test_logs_are_those_of_the_deployment_named(deployed: Shop) -> None:
    said = deployed.run("logs", "blue", "--env", "dev", "--tail", "7", "--container", "storage-initializer")
    assert said.out == "7 lines of storage-initializer of deployment digits/blue\n"
    missing = deployed.run("logs", "purple", "--env", "dev")
    assert (missing.code, missing.out) == (1, "")
    assert "It has: blue, green." in missing.err


def test_several_endpoints_need_a_name(deployed: Shop) -> None:
    deployed.declare("prices", "blue", blue=100)
    said = deployed.run("keys", "--env", "dev")
    assert said.code == 64
    assert "Choose one with --endpoint. Declared: digits, prices." in said.err
    assert deployed.run("keys", "--env", "dev", "--endpoint", "Prices").code == 0


def test_a_score_is_shown_and_one_that_fails_is_an_error(deployed: Shop) -> None:
    deployed.write("request.json", {"data": 1})
    said = deployed.run("score", "--env", "dev", "--request", "request.json", "--deployment", "Green")
    assert (said.code, said.out.split()[0]) == (0, "7")
    assert [name for _, name in deployed.workspace.asked] == ["green"]
    deployed.workspace.respond = lambda name, now: answer(b"boom", status=424)
    failed = deployed.run("score", "--env", "dev", "--request", "request.json", "--json")
    assert failed.code == 1
    assert deployed.run("score", "--env", "dev").code == 64


def test_a_measurement_counts_the_errors(deployed: Shop) -> None:
    deployed.write("request.json", {"data": 1})

    def respond(name: str, now: float) -> Answer:
        if len(deployed.workspace.asked) == 2:
            raise Unreachable("nothing answered")
        return answer()

    deployed.workspace.respond = respond
    words = ("score", "--env", "dev", "--request", "request.json", "--repeat", "5", "--json")
    said = deployed.run(*words)
    assert said.code == 1
    found = json.loads(said.out)
    assert (found["requests"], found["errors"]) == (5, {"no answer": 1})
    assert deployed.run(*words[:-1], "--concurrency", "2").code == 0


def test_import_writes_specs_and_leaves_files_alone(deployed: Shop) -> None:
    assert deployed.run("import", "prices", "--env", "dev").code == 1
    assert deployed.run("import", "digits", "--env", "dev").code == 64
    for old in (deployed.folder / "specs/digits").iterdir():
        old.unlink()
    (deployed.folder / "specs/digits").rmdir()
    said = deployed.run("import", "Digits", "--env", "dev")
    assert said.code == 0, said
    assert "wrote specs/digits/endpoint.yml" in said.out
    assert (deployed.folder / "specs/digits/deployment-green.yml").is_file()


def test_validate_render_and_explain_need_no_workspace(shop: Shop) -> None:
    assert shop.run("validate").out == "The specs are valid.\n"
    assert "name: digits" in shop.run("render", "--env", "dev").out
    assert "Request timeout in milliseconds" in shop.run("explain", "request_settings.request_timeout_ms").out
    assert shop.run("explain", "no-such-thing").code == 1
    (shop.folder / "specs/digits/endpoint.yml").write_text("name: 1\n")
    assert shop.run("validate").code == 1
    assert shop.workspace.opened == 0


@pytest.mark.parametrize("shape", ["json", "sarif", "github", "text"])
def test_validate_has_every_format(shop: Shop, shape: str) -> None:
    (shop.folder / "specs/digits/endpoint.yml").write_text("name: digits\nauth_mod: key\n")
    said = shop.run("validate", "--format", shape)
    assert said.code == 1
    assert "auth_mod" in said.out


def test_apply_as_json_prints_the_outcome_alone(shop: Shop) -> None:
    said = shop.run("apply", "--env", "dev", "--yes", "--json")
    assert {row["result"] for row in json.loads(said.out)["results"]} == {"applied"}
    again = shop.run("apply", "--env", "dev", "--yes", "--json")
    assert json.loads(again.out)["results"] == []


def test_an_unknown_command_is_wrong_usage(shop: Shop) -> None:
    assert shop.run("frobnicate").code == 64
    assert shop.workspace.state.get(endpoint_ref("digits")) is None


def test_steps_and_findings_have_the_place_in_the_specs(deployed: Shop) -> None:
    blue = {**deployed.deployment("digits", "blue"), "model": "azureml:digits:9"}
    deployed.write("specs/digits/deployment-blue.yml", blue)
    said = deployed.run("plan", "--env", "dev", "--format", "json")
    assert said.code == 3
    planned = json.loads(said.out)
    origins = {planned["steps"][0]["origin"], planned["findings"][0]["origin"]}
    assert {origin.partition(":")[0] for origin in origins} == {"specs/digits/deployment-blue.yml"}
