"""What a command does while it is at work: secrets, changes of others, labels, Ctrl-C, errors."""

from __future__ import annotations

import json
import signal
from dataclasses import replace

import pytest

from deployer.core.errors import WorkspaceError
from deployer.core.plan import Step
from deployer.core.references import AssetReference, AssetType
from deployer.core.resources import Ref, Resource, State, deployment_ref, endpoint_ref, state_of
from deployer.core.workspace import Wanted
from tests.unit.commands.conftest import Shop

BLUE = deployment_ref("digits", "blue")
SECRET = "s3cret-0123456789"


def in_state(shop: Shop, ref: Ref, state: str) -> None:
    """Set the provisioning state of a resource."""
    live = shop.workspace.state.resources
    item = replace(live[ref], observed=replace(live[ref].seen, provisioning_state=state))
    shop.workspace.state = replace(shop.workspace.state, resources={**live, ref: item})


@pytest.fixture
def secretive(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A project whose deployment has a secret variable."""
    monkeypatch.setenv("TOKEN", SECRET)
    variables = {"environment_variables": {"TOKEN": "{{ secret('TOKEN') }}"}}
    shop.write("specs/digits/deployment-blue.yml", {**shop.deployment("digits", "blue"), **variables})
    return shop


@pytest.mark.parametrize("command", ["plan", "drift", "destroy", "rollback", "status", "keys"])
def test_a_secret_is_masked_in_errors_from_the_first_request_on(secretive: Shop, command: str) -> None:
    def fail(*_: object) -> State:
        raise WorkspaceError(f"{SECRET} was refused", hint=f"Not {SECRET}.", code="Unfit")

    secretive.monkeypatch.setattr(secretive.workspace, "observe", fail)
    secretive.monkeypatch.setattr(secretive.workspace, "keys", fail)
    said = secretive.run(command, "--env", "dev")
    assert said.code == 1
    assert said.err == "error: *** was refused [Unfit]\n  Not ***.\n".replace("***", said.err.split()[1])
    assert SECRET not in said.err + said.out


def test_a_secret_is_in_no_output_and_no_saved_plan(secretive: Shop) -> None:
    planned = secretive.run("plan", "--env", "dev", "--out", "plan.json")
    applied = secretive.run("apply", "--env", "dev", "--yes")
    assert applied.code == 0, applied
    secretive.declare("prices", "blue", blue=100)
    shown = [secretive.run(*words, "--env", "dev") for words in (("status",), ("drift",), ("destroy",))]
    for said in (planned, applied, *shown):
        assert SECRET not in said.out + said.err
    assert SECRET not in (secretive.folder / "plan.json").read_text()


def test_apply_waits_for_the_changes_of_others_and_plan_does_not(deployed: Shop) -> None:
    in_state(deployed, BLUE, "Updating")
    read: list[Ref] = []

    def settle(ref: Ref) -> Resource | None:
        read.append(ref)
        in_state(deployed, BLUE, "Succeeded")
        return deployed.workspace.state.get(ref)

    deployed.monkeypatch.setattr(deployed.workspace, "read", settle)
    assert deployed.run("plan", "--env", "dev").err == ""
    assert read == []
    said = deployed.run("apply", "--env", "dev", "--yes")
    assert said.err == "deployment digits/blue is being changed by another operation; waiting …\n"
    assert read == [BLUE]
    assert said.out.startswith("No changes.")


def test_what_is_being_deleted_counts_as_gone(deployed: Shop) -> None:
    in_state(deployed, deployment_ref("digits", "green"), "Deleting")
    assert "1 to create" in deployed.run("plan", "--env", "dev").out


def test_a_label_is_planned_as_the_version_it_stands_for(deployed: Shop) -> None:
    label = AssetReference(type=AssetType.MODEL, name="digits", label="latest")
    deployed.write(
        "specs/digits/deployment-blue.yml", {**deployed.deployment("digits", "blue"), "model": "azureml:digits@latest"}
    )
    observe = deployed.workspace.observe

    def labelled(wanted: Wanted) -> State:
        assert label in wanted.labels
        return replace(observe(wanted), references={label: replace(label, version="1", label="")})

    deployed.monkeypatch.setattr(deployed.workspace, "observe", labelled)
    assert deployed.run("plan", "--env", "dev", "--detailed-exitcode").code == 0


def test_what_left_the_specs_is_listed(deployed: Shop) -> None:
    deployed.declare("digits", "blue", blue=100)
    assert "deployment digits/green" in deployed.run("plan", "--env", "dev").out


def test_ctrl_c_stops_after_the_write_in_flight(shop: Shop) -> None:
    def interrupt(step: Step) -> None:
        if step.ref == endpoint_ref("digits"):
            signal.raise_signal(signal.SIGINT)

    shop.workspace.before_execute = interrupt
    said = shop.run("apply", "--env", "dev", "--yes")
    assert said.code == 130
    assert shop.workspace.written == ["+ endpoint digits"]
    assert "deployer plan --env dev" in said.out


def test_an_error_nobody_foresaw_is_one_sentence(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(wanted: Wanted) -> State:
        raise KeyError("x")

    monkeypatch.delenv("DEPLOYER_TRACEBACK", raising=False)
    monkeypatch.setattr(shop.workspace, "observe", fail)
    said = shop.run("plan", "--env", "dev")
    assert (said.code, len(said.err.splitlines())) == (1, 2)
    assert said.err.startswith("error: internal error (KeyError: 'x')\n  This is a bug in the deployer")


def test_the_next_command_is_for_the_env_and_the_declared_test(deployed: Shop) -> None:
    (deployed.folder / "request.json").write_text("{}")
    test = {"x-smoke-test": {"request": "../../request.json", "json": 7}}
    for name in ("blue", "green"):
        deployed.write(f"specs/digits/deployment-{name}.yml", {**deployed.deployment("digits", name), **test})
    deployed.write("specs/digits/endpoint.yml", {"name": "digits", "auth_mode": "key", "traffic": {"green": 100}})
    said = deployed.run("apply", "--env", "dev", "--yes")
    assert said.code == 0, said
    assert "deployer score --request request.json --env dev" in said.out
    assert "deployer status" in deployed.run("rollback").out


def test_the_address_of_what_was_written_is_shown(deployed: Shop) -> None:
    live = deployed.workspace.state.resources
    endpoint = live[endpoint_ref("digits")]
    known = replace(endpoint, observed=replace(endpoint.seen, scoring_uri="https://digits/score"))
    deployed.workspace.state = state_of([*{**live, endpoint.ref: known}.values()])
    deployed.declare("digits", green=100)
    assert "https://digits/score" in deployed.run("apply", "--env", "dev", "--yes").out


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_a_secret_in_the_error_of_a_step_is_masked(secretive: Shop, words: list[str]) -> None:
    def fail(step: Step) -> None:
        raise WorkspaceError(f"{SECRET} was refused")

    secretive.workspace.before_execute = fail
    said = secretive.run("apply", "--env", "dev", "--yes", *words)
    assert said.code == 1
    assert "was refused" in said.out
    assert SECRET not in said.out + said.err


def test_what_is_ignored_is_no_change(deployed: Shop) -> None:
    deployed.write(
        "specs/digits/deployment-blue.yml",
        {**deployed.deployment("digits", "blue"), "instance_count": 5, "x-ignore": ["instance_count"]},
    )
    said = deployed.run("plan", "--env", "dev", "--detailed-exitcode", "--format", "json")
    assert said.code == 0
    assert len(json.loads(said.out)["unchanged"]) == 4


def test_a_plan_for_one_endpoint_leaves_the_others_alone(deployed: Shop) -> None:
    deployed.declare("prices", "blue", blue=100)
    said = deployed.run("plan", "--env", "dev", "--endpoint", "digits", "--detailed-exitcode")
    assert said.code == 0
    assert deployed.run("plan", "--env", "dev", "--detailed-exitcode").code == 2


def test_destroying_takes_neither_stages_nor_smoke_tests(deployed: Shop) -> None:
    deployed.write("request.json", {})
    rollout = {"steps": [10, 100], "bake": "100ms", "checks": {"min_requests": 1}}
    deployed.write(
        "specs/digits/endpoint.yml",
        {"name": "digits", "auth_mode": "key", "traffic": {"green": 100}, "x-rollout": rollout},
    )
    for name in ("blue", "green"):
        spec = deployed.deployment("digits", name)
        deployed.write(
            f"specs/digits/deployment-{name}.yml", {**spec, "x-smoke-test": {"request": "../../request.json"}}
        )
    assert deployed.run("destroy", "--env", "dev", "--yes", "digits").code == 0
    assert (deployed.workspace.written, deployed.workspace.asked) == (["- endpoint digits"], [])


@pytest.mark.parametrize(
    ("test", "words"),
    [({"image": "../../seven.png"}, "--image seven.png"), ({"request": "../../seven.json"}, "--request seven.json")],
)
def test_the_next_command_sends_what_the_declared_test_sends(shop: Shop, test: dict[str, str], words: str) -> None:
    for name in ("seven.png", "seven.json"):
        (shop.folder / name).write_text("{}")
    shop.write("specs/digits/deployment-blue.yml", {**shop.deployment("digits", "blue"), "x-smoke-test": test})
    said = shop.run("apply")
    assert said.code == 0, said
    assert f"`deployer score {words}`" in said.out or f"deployer score {words}\n" in said.out


def test_after_a_failure_the_next_command_is_to_plan(shop: Shop) -> None:
    def fail(step: Step) -> None:
        raise WorkspaceError("no")

    shop.workspace.before_execute = fail
    said = shop.run("apply")
    assert said.code == 1
    assert "deployer plan" in said.out
    assert "--env" not in said.out


def test_an_outcome_as_json_goes_to_stdout_alone(shop: Shop) -> None:
    said = shop.run("apply", "--env", "dev", "--yes", "--json")
    assert json.loads(said.out)["next_command"] == "deployer status --env dev"
    assert "to create" in said.err
    assert "created endpoint digits" in said.err


def test_events_as_lines_end_with_the_outcome(shop: Shop) -> None:
    said = shop.run("apply", "--env", "dev", "--yes", "--json-lines")
    *events, outcome = map(json.loads, said.out.splitlines())
    assert {event["kind"] for event in events} == {"event"}
    assert [event["event"] for event in events[:2]] == ["started", "ended"]
    assert (outcome["kind"], outcome["ok"]) == ("outcome", True)
    assert "to create" in said.err
    assert "created endpoint" not in said.err
    (nothing,) = shop.run("apply", "--env", "dev", "--yes", "--json-lines").out.splitlines()
    assert json.loads(nothing)["summary"] == "No changes."


def test_the_outcome_is_coloured_on_a_terminal(shop: Shop) -> None:
    said = shop.run("apply", typed="", color=True)
    assert "\x1b[" in said.out.rpartition("Plan:")[2].partition("\n")[2].replace("\x1b[0m", "")


def test_only_what_is_busy_is_waited_for_and_then_looked_at_again(deployed: Shop) -> None:
    deployed.run("apply", "--env", "dev", "--yes")
    assert len(deployed.workspace.wanted) == 2
    in_state(deployed, BLUE, "Updating")
    deployed.workspace.wanted.clear()
    deployed.run("apply", "--env", "dev", "--yes")
    assert len(deployed.workspace.wanted) == 2


@pytest.mark.parametrize("command", ["plan", "drift", "rollback", "destroy"])
def test_only_an_apply_waits_for_the_changes_of_others(deployed: Shop, command: str) -> None:
    """A rollback must be quick, and what is to be destroyed need not settle first."""
    deployed.declare("digits", green=100)
    deployed.applied()
    in_state(deployed, BLUE, "Updating")
    assert "waiting" not in deployed.run(command, "--env", "dev").err
    assert "waiting" in deployed.run("apply", "--env", "dev", "--yes").err
