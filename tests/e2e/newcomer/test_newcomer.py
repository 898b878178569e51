"""From a fresh clone to an answered prediction, as a newcomer types it: the real SDK, local workspace and server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.newcomer.conftest import Project

pytestmark = pytest.mark.xdist_group("newcomer")


def connection(project: Project) -> dict[str, object]:
    found: dict[str, object] = json.loads((project.folder / ".deployer/local/connection.json").read_text())
    return found


def test_one_command_deploys_and_the_second_writes_nothing(clone: Project) -> None:
    before = clone.run("plan", "--detailed-exitcode")
    assert before.returncode == 2, before.stderr
    assert "started the local workspace; `" in before.stderr
    assert clone.writes() == []
    first = clone.run("apply")
    assert first.returncode == 0, first.stderr
    assert "Plan: 4 to create, 1 to update, 0 to delete; 1 smoke test." in first.stdout
    answered = clone.run("score", "--image", "data/seven.png")
    assert answered.stdout.split()[0] == "7"
    assert "blue" in answered.stdout
    writes = clone.writes()
    second = clone.run("apply")
    assert second.returncode == 0
    assert second.stdout.startswith("No changes.")
    assert second.stderr == "local → the local workspace\n"
    assert clone.writes() == writes
    assert clone.run("plan", "--detailed-exitcode").returncode == 0


def test_more_instances_are_one_change_and_one_put(deployed: Project) -> None:
    deployed.edit("specs/env/local.yml", "instances: 1", "instances: 2")
    planned = deployed.run("plan", "--format", "json", "--detailed-exitcode")
    assert planned.returncode == 2
    changes = [row for step in json.loads(planned.stdout)["steps"] for row in step["changes"]]
    assert [(row["path"], row["before"], row["after"]) for row in changes] == [("instance_count", "1", "2")]
    before = deployed.writes()
    assert deployed.run("apply").returncode == 0
    assert json.loads(deployed.run("apply", "--json").stdout)["results"] == []
    (put,) = deployed.writes()[len(before) :]
    assert put.startswith("PUT")
    assert "/onlineEndpoints/digits/deployments/blue?" in put
    deployed.edit("specs/env/local.yml", "instances: 2", "instances: 1")
    told = json.loads(deployed.run("apply", "--json").stdout)
    assert [row["result"] for row in told["results"]] == ["applied"]


def test_everything_comes_back_after_kill_9(deployed: Project) -> None:
    server = int(str(connection(deployed)["pid"]))
    for process in (server, *descendants(server)):
        os.kill(process, signal.SIGKILL)
    await_gone(server)
    applied = deployed.run("apply")
    assert applied.returncode == 0, applied.stderr
    assert applied.stdout.startswith("No changes.")
    answered = deployed.run("score", "--image", "data/seven.png")
    assert answered.stdout.split()[0] == "7", answered.stderr


def descendants(process: int) -> list[int]:
    """Every process below one, by what /proc says of parents."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [child for child, parent in parents.items() if parent == process]
    return found + [deeper for child in found for deeper in descendants(child)]


def await_gone(process: int) -> None:
    deadline = time.monotonic() + 120
    while Path(f"/proc/{process}").exists() and "Z" not in Path(f"/proc/{process}/stat").read_text().split()[2]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_saved_plan_is_what_runs_and_a_stale_one_is_refused(deployed: Project) -> None:
    deployed.edit("specs/endpoint.yml", "task: digits", "task: reading")
    assert deployed.run("plan", "--out", "plan.json").returncode == 0
    deployed.edit("specs/endpoint.yml", "task: reading", "task: writing")
    before = deployed.writes()
    stale = deployed.run("apply", "plan.json")
    assert stale.returncode == 3
    assert "stale" in stale.stderr
    assert deployed.writes() == before
    deployed.edit("specs/endpoint.yml", "task: writing", "task: reading")
    assert deployed.run("apply", "plan.json").returncode == 0
    deployed.edit("specs/endpoint.yml", "task: reading", "task: digits")
    assert deployed.run("apply").returncode == 0


COORDINATES = {
    "AZURE_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000001",
    "AZURE_RESOURCE_GROUP": "group",
    "AZURE_ML_WORKSPACE": "workspace",
}
BLUE = "specs/deployment-blue.yml"
MISTAKES = [
    ("specs/endpoint.yml", "auth_mode: key", "auth_mode: [key", "specs/endpoint.yml:", "yaml-syntax"),
    (
        "specs/deployment-blue.yml",
        "instance_count:",
        "instance_cout:",
        "Did you mean `instance_count`?",
        "unknown-field",
    ),
    (
        "specs/deployment-blue.yml",
        "{{ vm_size }}",
        "{{ vm_sise }}",
        "specs/deployment-blue.yml:9:",
        "template-undefined",
    ),
    (BLUE, "score.py", "scor.py", "there is no file scoring/scor.py", "script-missing"),
    (BLUE, "digit-model:1", "digit-model:9", "needs model digit-model:9", "asset-missing"),
]


@pytest.mark.parametrize(("file", "right", "wrong", "sentence", "code"), MISTAKES)
def test_a_mistake_gets_its_place_and_the_way_out(
    deployed: Project, file: str, right: str, wrong: str, sentence: str, code: str
) -> None:
    before = deployed.writes()
    deployed.edit(file, right, wrong)
    try:
        told = deployed.run("apply")
    finally:
        deployed.edit(file, wrong, right)
    assert told.returncode in (1, 3)
    said = told.stdout + told.stderr
    assert sentence in said
    assert f"[{code}]" in said
    assert "Traceback" not in said
    assert deployed.writes() == before


def test_an_unset_variable_of_an_env_is_named(deployed: Project) -> None:
    told = deployed.run("plan", "--env", "dev")
    assert told.returncode == 1
    assert "AZURE_SUBSCRIPTION_ID is not set" in told.stderr


def test_without_a_credential_there_is_one_sentence_and_the_way_out(deployed: Project) -> None:
    told = deployed.run("plan", "--env", "dev", **COORDINATES)
    assert told.returncode == 1
    assert "az login" in told.stderr
    assert len(told.stderr.splitlines()) == 3, told.stderr


def test_without_a_terminal_only_yes_or_a_saved_plan_applies(deployed: Project) -> None:
    told = deployed.run("apply", "--env", "dev", **COORDINATES)
    assert told.returncode == 64
    assert "there is no terminal to ask for confirmation" in told.stderr
    assert deployed.run("apply", "--env", "dev", "--yes", **COORDINATES).returncode == 1


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("score", "--image", "data/nope.png"), 64, "data/nope.png cannot be read"),
        (("apply", "frobnicate.json"), 64, "frobnicate.json cannot be read"),
        (("score",), 64, "nothing to score"),
        (("score", "--request", "specs/model.yml"), 1, "the model refused the request"),
        (("logs", "purple"), 1, "It has: blue."),
        (("plan", "--env", "stagin"), 1, "there is no env `stagin`"),
        (("explain", "trafic-sum"), 1, "Did you mean `traffic-sum`?"),
        (("frobnicate",), 64, "No such command"),
    ],
)
def test_wrong_use_is_told_in_one_sentence(deployed: Project, words: tuple[str, ...], code: int, sentence: str) -> None:
    told = deployed.run(*words)
    assert told.returncode == code, told.stderr
    assert sentence in told.stdout + told.stderr
    assert "Traceback" not in told.stderr


def test_reading_commands_write_nothing(deployed: Project) -> None:
    before = deployed.writes()
    for words in (("validate",), ("render",), ("plan",), ("drift",), ("status",), ("keys",), ("logs", "blue")):
        done = deployed.run(*words)
        assert done.returncode == 0, (words, done.stderr)
        offline = words[0] in {"validate", "render"}
        assert done.stderr == ("" if offline else f"local → the local workspace, commit {deployed.commit}\n")
    assert deployed.writes() == before


def test_the_key_is_in_no_output_unless_asked_for(deployed: Project) -> None:
    shown = deployed.run("keys", "--show-secrets").stdout
    key = next(line.split()[1] for line in shown.splitlines() if line.startswith("primary"))
    assert len(key) > 20
    for words in (("keys",), ("status",), ("score", "--image", "data/seven.png"), ("plan",), ("logs", "blue")):
        done = deployed.run(*words)
        assert key not in done.stdout + done.stderr


def test_an_imported_endpoint_needs_no_change(deployed: Project, tmp_path: Path) -> None:
    elsewhere = Project(folder=tmp_path)
    shutil.copytree(deployed.folder / "specs/env", tmp_path / "specs/env")
    (tmp_path / ".deployer").symlink_to(deployed.folder / ".deployer")
    assert elsewhere.run("import", "Digits").returncode == 0
    planned = elsewhere.run("plan", "--detailed-exitcode")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    elsewhere.edit("specs/digits/deployment-blue.yml", "instance_type:", "description: imported\ninstance_type:")
    assert elsewhere.run("apply").returncode == 0
    assert elsewhere.run("plan", "--detailed-exitcode").returncode == 0
    assert elsewhere.run("import", "digits").returncode == 64
    assert elsewhere.run("import", "prices").returncode == 1
    assert deployed.run("apply").returncode == 0
