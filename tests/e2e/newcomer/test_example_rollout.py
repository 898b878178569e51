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
