"""The commands that only read: what they print, what they mask, and how they exit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from deployer.core.bookkeeping import Bookkeeping
from deployer.core.errors import Unreachable
from deployer.core.resources import Kind, asset_ref, endpoint_ref, traffic_ref
from deployer.core.workspace import Answer, Wanted
from deployer.planning.rollout import FAILED_MARK, rollout_mark
from tests import build
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
    assert (same.code, same.out.splitlines()[-1]) == (0, "No drift: the workspace matches the specs."), same.out
    deployed.declare("digits", green=100)
    assert deployed.run("drift", "--env", "dev").code == 2
    assert deployed.workspace.written == []


def test_what_is_in_no_spec_is_not_called_a_match(deployed: Shop) -> None:
    deployed.declare("digits", "blue", blue=100)
    said = deployed.run("drift", "--env", "dev")
    last = "No drift in what the specs declare; 1 resource of this project is in no spec."
    assert (said.code, said.out.splitlines()[-1]) == (0, last), said.out
    assert "deployment digits/green" in said.out


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


def test_status_shows_how_each_deployment_stands_with_its_test(deployed: Shop) -> None:
    def line(name: str) -> str:
        return next(line for line in deployed.run("status", "--env", "dev").out.splitlines() if f"  {name} " in line)

    assert "no test" in line("blue")
    deployed.declare_test("digits", "blue")
    assert "not tested" in line("blue")
    assert deployed.run("apply", "--env", "dev", "--yes").code == 0
    assert "test passed" in line("blue")
    assert "no test" in line("green")


def test_a_test_that_is_owed_is_pending_and_one_that_failed_is_refused(deployed: Shop) -> None:
    deployed.declare_test("digits", "blue")
    assert [deployed.run("drift", "--env", "dev").code, deployed.run("plan", "--env", "dev").code] == [2, 0]
    assert deployed.run("plan", "--env", "dev", "--detailed-exitcode").code == 2
    deployed.workspace.respond = lambda name, now: answer(b"no", 500)
    assert deployed.run("apply", "--env", "dev", "--yes").code == 1
    assert "test failed" in deployed.run("status", "--env", "dev").out
    for command in (("drift",), ("plan",), ("plan", "--detailed-exitcode"), ("apply", "--yes")):
        said = deployed.run(command[0], "--env", "dev", *command[1:])
        assert (said.code, "[test-failed]" in said.out) == (3, True), command
    deployed.workspace.respond = lambda name, now: answer()
    assert deployed.run("plan", "--env", "dev", "--again", "--detailed-exitcode").code == 2
    assert deployed.run("apply", "--env", "dev", "--yes", "--again").code == 0
    assert deployed.run("drift", "--env", "dev").code == 0


def test_a_saved_plan_with_again_is_carried_out_as_reviewed(deployed: Shop) -> None:
    deployed.declare_test("digits", "blue")
    deployed.workspace.respond = lambda name, now: answer(b"no", 500)
    deployed.run("apply", "--env", "dev", "--yes")
    deployed.workspace.respond = lambda name, now: answer()
    file = str(deployed.folder / "plan.json")
    assert deployed.run("plan", "--env", "dev", "--again", "--out", file).code == 0
    assert deployed.run("apply", file).code == 0
    assert "test passed" in deployed.run("status", "--env", "dev").out


def test_a_saved_plan_that_was_applied_already_says_so(deployed: Shop) -> None:
    deployed.declare("digits", blue=50, green=50)
    file = str(deployed.folder / "plan.json")
    deployed.run("plan", "--env", "dev", "--out", file)
    assert deployed.run("apply", file).code == 0
    deployed.workspace.executed.clear()
    again = deployed.run("apply", file)
    assert (again.code, "This plan was applied already" in again.err) == (0, True)
    assert deployed.workspace.written == []
    deployed.declare("digits", blue=40, green=60)
    deployed.applied()
    other = deployed.run("apply", file)
    assert (other.code, "the saved plan is stale" in other.err) == (3, True)


def test_logs_are_those_of_the_deployment_named(deployed: Shop) -> None:
    said = deployed.run("logs", "blue", "--env", "dev", "--tail", "7", "--container", "storage-initializer")
    assert said.code == 0
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
    assert said.out.splitlines() == [
        f"wrote specs/digits/{name}.yml" for name in ("endpoint", "deployment-blue", "deployment-green")
    ]
    assert said.err == (
        "`deployer plan --env dev --endpoint digits` shows no changes now; --adopt adds it to this project.\n"
    )
    assert deployed.workspace.wanted[-1] == Wanted(endpoints=frozenset({"digits"}), autoscale=True)
    assert (deployed.folder / "specs/digits/deployment-green.yml").is_file()


def test_an_import_that_is_refused_says_why_and_writes_nothing(deployed: Shop) -> None:
    missing, there = (deployed.run("import", name, "--env", "dev") for name in ("Prices", "digits"))
    assert missing.err == "error: there is no endpoint Prices in the workspace of env dev\n"
    assert not (deployed.folder / "specs/prices").exists()
    assert there.err == "error: specs/digits already exists\n  Move it away, then import again.\n"


@pytest.mark.parametrize(
    ("words", "endpoints"), [([], {"digits"}), (["--endpoint", "Prices"], {"prices"}), (["--env", "local"], {"digits"})]
)
def test_status_looks_at_what_is_declared_or_named_and_at_what_is_the_projects(
    deployed: Shop, words: list[str], endpoints: set[str]
) -> None:
    said = deployed.run("status", "--env", "dev", *words)
    assert said.code == 0
    assert deployed.workspace.wanted[-1] == Wanted(endpoints=frozenset(endpoints), project="shop")
    assert ("not deployed" in said.out) == ("prices" in endpoints)


def test_logs_of_an_unknown_deployment_list_those_of_that_endpoint(deployed: Shop) -> None:
    said = deployed.run("logs", "purple", "--env", "dev", "--endpoint", "Digits")
    assert said.err == "error: endpoint digits has no deployment purple\n  It has: blue, green.\n"
    assert deployed.workspace.wanted[-1] == Wanted(endpoints=frozenset({"digits"}))
    deployed.workspace.state = build.live(build.endpoint())
    assert deployed.run("logs", "purple", "--env", "dev").err.endswith("It has: none.\n")


@pytest.mark.parametrize("command", ["plan", "drift", "status", "validate", "apply", "destroy"])
def test_results_are_coloured_on_a_terminal(deployed: Shop, command: str) -> None:
    deployed.declare("digits", green=100)
    if command == "validate":
        deployed.write("specs/digits/endpoint.yml", {"name": "digits", "auth_mod": "key"})
    words = (command, *(() if command == "validate" else ("--env", "dev")))
    assert "\x1b[" in deployed.run(*words, typed="", color=True).out
    assert "\x1b[" not in deployed.run(*words, typed="").out


def test_drift_names_what_it_looked_at_and_the_fields_that_differ(deployed: Shop) -> None:
    deployed.declare("digits", green=100)
    said = deployed.run("drift", "--env", "dev")
    assert said.out.startswith("Compared env dev, workspace workspace in group: 1 endpoint, 2 deployments.\n")
    assert (
        "\ntraffic digits\n  traffic.blue: specs 0 %, live 100 %\n  traffic.green: specs 100 %, live 0 %\n" in said.out
    )
    assert said.out.endswith("\n\nDrift: 2 differences.\n")


@pytest.mark.parametrize("shape", ["json", "markdown"])
def test_drift_has_forms_for_programs_and_for_comments(deployed: Shop, shape: str) -> None:
    deployed.declare("digits", green=100)
    said = deployed.run("drift", "--env", "dev", "--format", shape)
    assert said.code == 2
    if shape == "json":
        found = json.loads(said.out)
        assert found["differences"][0] == {
            "resource": "traffic digits",
            "field": "traffic.blue",
            "specs": "0 %",
            "live": "100 %",
        }
    else:
        assert "| `traffic digits` | `traffic.blue` | `0 %` | `100 %` |" in said.out


def test_a_saved_plan_is_the_plan_as_json_and_its_use_is_said(shop: Shop) -> None:
    shown = shop.run("plan", "--env", "dev", "--format", "json")
    said = shop.run("plan", "--env", "dev", "--out", "plan.json", "--detailed-exitcode")
    assert (said.code, (shop.folder / "plan.json").read_text()) == (2, shown.out)
    assert said.err == "Saved to plan.json; `deployer apply plan.json` applies exactly this plan.\n"
    assert (shown.code, shown.err) == (0, "")


def test_a_plan_lists_the_files_that_it_uploads(shop: Shop) -> None:
    said = shop.run("plan", "--env", "dev", "--format", "json")
    assert "score.py" in said.out


def test_what_is_not_valid_is_shown_with_its_line(shop: Shop) -> None:
    (shop.folder / "specs/digits/endpoint.yml").write_text("name: digits\nauth_mod: key\n")
    said = shop.run("validate")
    assert "    2 | auth_mod: key\n      | ^\n" in said.out


def test_paths_are_validated_without_a_project(shop: Shop, tmp_path: Path) -> None:
    single = shop.folder / "single.yml"
    single.write_text("name: digits\nauth_mod: key\n")
    assert "auth_mod" in shop.run("validate", "single.yml").out
    shop.write(
        "single.yml",
        {**shop.deployment("digits", "blue"), "code_configuration": {"code": "no", "scoring_script": "x.py"}},
    )
    assert shop.run("validate", "single.yml").code == 1
    assert shop.run("validate", "single.yml", "--no-files").code == 0
    assert shop.run("validate", "single.yml", "--no-files", "--set", "instance_count=none").code == 1


def test_validate_knows_overrides_and_the_env(shop: Shop) -> None:
    assert shop.run("validate", "--set", "instance_count=none").code == 1
    assert shop.run("validate", "--env", "nowhere").code == 1
    shop.write("specs/env/dev.yml", {"project": "shop", "workspace": "nonsense"})
    assert (shop.run("validate").code, shop.run("validate", "--env", "dev").code) == (0, 1)


def test_a_file_that_cannot_be_shown_is_still_reported(shop: Shop) -> None:
    (shop.folder / "specs/digits/endpoint.yml").write_bytes(b"name: \xff\n")
    said = shop.run("validate")
    assert said.code == 1
    assert "specs/digits/endpoint.yml" in said.out


def test_specs_are_rendered_by_file_name_with_overrides(shop: Shop) -> None:
    said = shop.run("render", "--env", "dev", "--set", "instance_count=3")
    assert said.code == 0
    files = [line for line in said.out.splitlines() if line.startswith("# ")]
    assert files == [f"# specs/digits/{name}.yml" for name in ("deployment-blue", "deployment-green", "endpoint")]
    assert said.out.startswith("---\n# specs/digits/deployment-blue.yml\n")
    assert said.out.count("instance_count: 3") == 2


@pytest.mark.parametrize("words", [["--out", "x", "--show-secrets"], ["--out", "specs/x"], ["--out", "specs"]])
def test_nothing_is_rendered_into_specs_or_with_secrets_into_files(words: list[str], shop: Shop) -> None:
    before = sorted(shop.folder.rglob("*"))
    said = shop.run("render", "--env", "dev", *words)
    assert (said.code, said.out) == (64, "")
    assert sorted(shop.folder.rglob("*")) == before


def test_what_is_rendered_into_a_folder_is_said(shop: Shop) -> None:
    assert shop.run("render", "--env", "dev", "--kind", "endpoint", "--out", "build").out == "Wrote 1 file to build.\n"
    assert "name: digits" in (shop.folder / "build/digits/endpoint.yml").read_text()


def test_what_cannot_be_explained_has_a_suggestion(shop: Shop) -> None:
    assert shop.run("explain", "traffic-sum").code == 0
    assert "Did you mean" in shop.run("explain", "trafic-sum").err
    assert shop.run("explain", "zzzzzzzzzzzz").err == (
        "error: zzzzzzzzzzzz is neither a code nor a field\n  Codes are in brackets at the end of messages.\n"
    )


def test_validate_render_and_explain_need_no_workspace(shop: Shop) -> None:
    assert shop.run("validate").out == "The specs are valid: checked 3 files.\n"
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
