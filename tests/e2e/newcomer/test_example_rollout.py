"""The example of a rollout, with the commands of its README, customers, and the real inference server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deployer.authoring import load_project, validate_project
from tests.e2e.newcomer.conftest import ROOT, Project

EXAMPLE = ROOT / "examples" / "rollout"
README = (EXAMPLE / "README.md").read_text(encoding="utf-8")
COMMANDS = [line.strip() for line in README.splitlines() if line.startswith("    ")]


def test_the_example_is_valid() -> None:
    assert validate_project(EXAMPLE, "local").diagnostics == ()
    assert load_project(EXAMPLE, "local").intent.rollouts["rollout"].watch


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Project]:
    """A copy of it; its workspace is ended."""
    shutil.copytree(EXAMPLE, tmp_path / "rollout")
    made = Project(folder=tmp_path / "rollout")
    yield made
    made.run("local", "down")


@contextmanager
def customers(project: Project) -> Iterator[list[str]]:
    """The load generator of the example during the block; afterwards what it printed."""
    said: list[str] = []
    running = subprocess.Popen(
        [sys.executable, "load.py"], cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield said
        assert running.poll() is None, running.communicate()
    finally:
        running.terminate()
        said += running.communicate()[0].splitlines()


def words(command: str) -> list[str]:
    program, *rest = command.split()
    assert program == "deployer"
    return rest


def verdicts(text: str) -> set[str]:
    outcome = json.loads(text)
    return {f"{row['gate']} {row['verdict']}" for item in outcome["results"] for row in item["judged"]}


@pytest.mark.long
def test_the_commands_of_the_readme_do_what_it_says(example: Project) -> None:
    first, load, good, slow, failing, destroy, down = COMMANDS
    assert load == "python load.py"
    assert example.run(*words(first)).returncode == 0
    with customers(example) as said:
        passed = example.run(*words(good), "--json")
        assert (passed.returncode, verdicts(passed.stdout)) == (0, {"error_rate passed", "p95 passed"}), passed.stderr
        put_back = example.run(*words(slow), "--json")
        assert put_back.returncode == 1
        assert "p95 failed" in verdicts(put_back.stdout)
        put_back = example.run(*words(failing), "--json")
        assert put_back.returncode == 1
        assert "error_rate failed" in verdicts(put_back.stdout)
        assert "failed" in example.run("history").stdout
        assert example.run(*words(slow)).returncode == 3
    # Failures are those of the failing revision alone: no request was lost by moving traffic.
    assert {line.split()[2] for line in said} <= {"200", "424"}, said
    assert example.run(*words(destroy)).returncode == 0
    assert example.run(*words(down)).returncode == 0


@pytest.fixture
def strict(example: Project) -> Project:
    """The example with a stage of 10 %, and verdicts on at least 500 requests; its first revision serves."""
    example.edit("specs/endpoint.yml", "steps: [50, 100]", "steps: [10, 50, 100]")
    example.edit("specs/endpoint.yml", "min_requests: 200", "min_requests: 500")
    applied = example.run("apply")
    assert applied.returncode == 0, applied.stderr
    return example


def split(project: Project) -> dict[str, int]:
    """The live traffic by revision."""
    found = json.loads(project.run("status", "--json").stdout)["endpoints"][0]["deployments"]
    return {item["name"]: item["traffic"] for item in found if item["traffic"]}


@pytest.mark.long
def test_ten_fifty_a_hundred_percent_are_each_judged_on_customers(strict: Project) -> None:
    with customers(strict) as said:
        good = strict.run("apply", "--set", "change=good", "--json")
        assert (good.returncode, verdicts(good.stdout)) == (0, {"error_rate passed", "p95 passed"}), good.stderr
        judged = [item["judged"] for item in json.loads(good.stdout)["results"] if item["judged"]]
        assert len(judged) == 3
        served = split(strict)
        slow = strict.run("apply", "--set", "change=slow", "--json")
        assert (slow.returncode, split(strict)) == (1, served), slow.stderr
        assert "p95 failed" in verdicts(slow.stdout)
        failing = strict.run("apply", "--set", "change=failing", "--json")
        assert (failing.returncode, split(strict)) == (1, served), failing.stderr
        assert "error_rate failed" in verdicts(failing.stdout)
        before = strict.writes()
        back = strict.run("rollback", "--yes")
        assert back.returncode == 0, back.stderr
        assert len(strict.writes()) - len(before) == 1
        assert split(strict).keys().isdisjoint(served)
    assert {line.split()[2] for line in said} <= {"200", "424"}, said


@pytest.mark.long
def test_metrics_that_end_in_a_stage_decide_nothing(strict: Project) -> None:
    strict.edit("specs/endpoint.yml", "limit: 3m", "limit: 40s")
    served = split(strict)
    command = [str(Path(sys.executable).parent / "deployer"), "apply", "--set", "change=good"]
    with customers(strict):
        running = subprocess.Popen(
            command, cwd=strict.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        while len(split(strict)) == 1:
            assert running.poll() is None
        assert strict.run("local", "fault", "add", "--path", "/metrics$", "--metrics", "missing").returncode == 0
        _, said = running.communicate()
    assert running.returncode == 1, said
    assert "decided nothing" in said
    assert split(strict) == served
    assert strict.run("plan", "--set", "change=good", "--detailed-exitcode").returncode == 2
