"""Everyday commands on a running endpoint: keys that are replaced, logs, and calls from outside the program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.newcomer.conftest import Project

pytestmark = pytest.mark.xdist_group("newcomer")


def typed(project: Project, program: str, *words: str, **environment: str) -> str:
    """What a program printed that a user runs in the project with `deployer` on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [program, *words],
        cwd=project.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": path, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_command_for_curl_runs_as_printed(deployed: Project) -> None:
    shown = deployed.run("score", "--image", "data/seven.png", "--curl", "--deployment", "blue")
    assert typed(deployed, "bash", "-c", shown.stdout).strip() == "7"
    (deployed.folder / "bad.json").write_text('{"no": "picture"}')
    shown = deployed.run("score", "--request", "bad.json", "--curl")
    assert "curl: (22)" in subprocess.run(
        ["bash", "-c", shown.stdout], cwd=deployed.folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
    ).stderr  # fmt: skip


def test_the_program_in_python_runs_as_printed(deployed: Project) -> None:
    shown = deployed.run("score", "data/seven.png", "--python")
    (deployed.folder / "call.py").write_text(shown.stdout)
    export = shown.stdout.splitlines()[0].removeprefix("# ")
    assert typed(deployed, "bash", "-c", f"{export}\n{sys.executable} call.py").strip() == "7"


def test_a_replaced_key_is_refused_and_the_other_one_goes_on(deployed: Project) -> None:
    def answers(key: str) -> str:
        shown = deployed.run("score", "data/seven.png", "--python").stdout
        return subprocess.run(
            [sys.executable, "-c", shown],
            cwd=deployed.folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "SCORING_TOKEN": key},
        ).stdout.strip()

    primary, secondary = (deployed.run("keys", "--print", which).stdout.strip() for which in ("primary", "secondary"))
    assert [answers(primary), answers(secondary)] == ["7", "7"]
    done = deployed.run("keys", "--rotate", "secondary")
    assert done.returncode == 0, done.stderr
    fresh = deployed.run("keys", "--print", "secondary").stdout.strip()
    assert fresh != secondary
    assert deployed.run("keys", "--print", "primary").stdout.strip() == primary
    assert [answers(primary), answers(secondary), answers(fresh)] == ["7", "", "7"]


def test_a_token_is_printed_for_the_mode_of_the_endpoint(deployed: Project) -> None:
    assert deployed.run("keys", "--print", "token").stdout == deployed.run("keys", "--print", "primary").stdout


def test_status_and_logs_of_everything(deployed: Project) -> None:
    (digits,) = json.loads(deployed.run("status", "--all", "--json").stdout)["endpoints"]
    (blue,) = digits["deployments"]
    assert (blue["traffic"], blue["test"], digits["project"]) == (100, "passed", "digits")
    logged = deployed.run("logs", "--all", "--since", "1h").stdout
    assert logged.startswith("blue | ")
    lines = [json.loads(line) for line in deployed.run("logs", "blue", "--json").stdout.splitlines()]
    assert {line["deployment"] for line in lines} == {"blue"}
    assert any(line["time"] and "POST /score 200" in line["line"] for line in lines)
    assert "s old" in deployed.run("status").stdout or "min old" in deployed.run("status").stdout


def conditions(project: Project) -> dict[str, tuple[str, str]]:
    """How each condition stands, and what was found, by what it is about."""
    said = json.loads(project.run("doctor", "--json").stdout)
    return {row["about"]: (row["health"], row["found"]) for row in said["conditions"]}


def test_the_doctor_finds_a_working_project_well(deployed: Project) -> None:
    said = deployed.run("doctor", REQUESTS_CA_BUNDLE="", CURL_CA_BUNDLE="", SSL_CERT_FILE="")
    assert said.returncode == 0, said.stdout
    assert said.stdout.endswith("conditions: all well.\n"), said.stdout
    assert deployed.run("doctor", SSL_CERT_FILE="/no/such/file").returncode == 1


def test_what_the_doctor_may_not_look_at_is_not_called_well(deployed: Project) -> None:
    try:
        for path, status in (("permissions", "403"), ("usages", "404"), ("providers/Microsoft.Cdn", "403")):
            deployed.run("local", "fault", "add", "--path", path, "--status", status)
        found = conditions(deployed)
        assert [found[name][0] for name in ("permissions", "quota", "provider Microsoft.Cdn")] == ["not looked at"] * 3
        assert found["provider Microsoft.PolicyInsights"] == ("ok", "registered")
        assert deployed.run("doctor").returncode == 0
        deployed.run("local", "fault", "clear")
        deployed.run("local", "fault", "add", "--path", "workspaces/local$", "--status", "401")
        refused = conditions(deployed)
        assert refused["workspace"][0] == "failed"
        assert "quota" not in refused
    finally:
        deployed.run("local", "fault", "clear")


def test_the_doctor_says_which_quota_is_nearly_used_up(deployed: Project) -> None:
    try:
        deployed.run("local", "fault", "quota", "standardDSv2Family=8")
        assert conditions(deployed)["quota"] == ("warning", "nearly used up: standardDSv2Family 8 of 8")
    finally:
        deployed.run("local", "fault", "clear")
    assert conditions(deployed)["quota"][0] == "ok"


NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "score.ipynb"


def test_the_notebook_runs_from_its_first_cell_to_its_last(deployed: Project) -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    shown = "import matplotlib.pyplot\nprint('figures', len(matplotlib.pyplot.get_fignums()))\n"
    (deployed.folder / "cells.py").write_text("\n\n".join([*code, shown]))
    # Without a screen `show` keeps the figure, and the next cell draws into it.
    printed = typed(deployed, sys.executable, "cells.py", MPLBACKEND="Agg").splitlines()
    assert printed[0].startswith("7, answered by blue in ")
    assert printed[1] == "figures 1"


def test_the_notebook_is_kept_without_what_it_printed() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


def test_the_commit_of_what_is_live_is_known_and_a_review_names_the_files_that_changed(deployed: Project) -> None:
    (row,) = json.loads(deployed.run("history", "--json").stdout)["endpoints"][0]["deployments"]
    assert row["commit"] == deployed.commit
    deployed.edit("scoring/score.py", "def init(", "# a comment\ndef init(")
    try:
        comment = deployed.run("plan", "--format", "markdown").stdout
    finally:
        typed(deployed, "git", "checkout", "-q", "scoring/score.py")
    line = next(line for line in comment.splitlines() if line.startswith("- `scoring`"))
    assert line.endswith(f"since commit {deployed.commit}: `score.py +1 -0`")


def test_the_requests_of_a_command_and_of_the_sdk_are_shown_without_secrets(deployed: Project) -> None:
    key = deployed.run("keys", "--print", "primary").stdout.strip()
    shown = deployed.run("--debug", "keys", "--show-secrets").stderr
    assert "POST 200 https://127.0.0.1" in shown
    assert "/listkeys?api-version=" in shown.lower()
    assert key not in shown
    deployed.edit("specs/endpoint.yml", "Recognises", "Reads")
    try:
        done = deployed.run("apply", "--debug")
    finally:
        deployed.edit("specs/endpoint.yml", "Reads", "Recognises")
    assert done.returncode == 0, done.stderr
    puts = [line for line in done.stderr.splitlines() if " PUT 20" in line]
    assert len(puts) == 1
    assert "/onlineEndpoints/digits?api-version=2022-02-01-preview" in puts[0]
    assert deployed.run("apply").returncode == 0


def test_what_an_endpoint_takes_and_what_callers_got_can_be_seen(deployed: Project) -> None:
    described = json.loads(deployed.run("score", "--openapi", "--deployment", "blue").stdout)
    assert "/score" in described["paths"]
    deployed.run("score", "data/seven.png", "--repeat", "30")

    def requests() -> int:
        (digits,) = json.loads(deployed.run("status", "--metrics", "5", "--json").stdout)["endpoints"]
        found = digits["deployments"][0]["metrics"]
        assert found["minutes"] == 5
        return int(found["requests"])

    for _ in range(60):
        if requests() >= 30:
            break
    assert requests() >= 30
    assert "  in the last 5 min:" in deployed.run("status", "--metrics", "5").stdout
