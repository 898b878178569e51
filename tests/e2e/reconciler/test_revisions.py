"""Revisions as a user meets them: change one line, apply, look, roll back, apply again."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.e2e.reconciler.project import Project
from tests.e2e.reconciler.site import Site

NUMBERS = itertools.count(1)


@pytest.fixture
def project(quick_site: Site, tmp_path: Path) -> Project:
    """A project whose one deployment has revisions."""
    name = f"revised-{next(NUMBERS)}"
    made = Project(name=name, folder=tmp_path / name, site=quick_site)
    content(made, "1")
    made.applied()
    return made


def content(project: Project, answer: str, **more: object) -> None:
    """Declare blue with this content, with all the traffic."""
    project.declare({"blue": answer}, rollout={"steps": [50, 100], "checks": {"min_requests": 2}}, blue=100)
    project.edit("deployment-blue", **{"x-revisions": {"keep": 1}}, **more)


def answers(project: Project) -> dict[str, int]:
    """The share of the live traffic by what a revision answers."""
    split = project.split()
    return {
        item["environmentVariables"]["ANSWER"]: split.get(name, 0)
        for name, item in project.site.deployments(project.name).items()
    }


def test_a_changed_line_is_a_rollout_and_a_commit_taken_back_is_one_write(project: Project) -> None:
    content(project, "2")
    assert "environment_variables.ANSWER" in project.deployer("plan").text.partition("# a revision of blue: ")[2][:80]
    project.applied()
    assert answers(project) == {"1": 0, "2": 100}
    assert project.deployer("plan", "--detailed-exitcode").code == 0
    content(project, "1")
    back = project.applied()
    assert answers(project) == {"1": 100, "2": 0}
    assert [line for line in back.requests if line.startswith("PUT") and "/deployments/" in line] == []


def test_earlier_ones_go_with_the_rollout_that_replaced_them(project: Project) -> None:
    for answer in ("2", "3"):
        content(project, answer)
        project.applied()
    assert answers(project) == {"2": 0, "3": 100}
    assert project.deployer("drift").code == 0


def test_a_bad_one_gets_nothing_and_the_earlier_one_goes_on(project: Project, quick_site: Site) -> None:
    content(project, "2", **{"x-smoke-test": {"request": "../request.json", "json": 7}})
    with quick_site.load(project.name) as seen:
        assert project.deployer("apply").code == 1
    assert answers(project) == {"1": 100, "2": 0}
    assert {status for status, _ in seen} <= {200}
    assert project.deployer("plan").code == 3


def test_a_rollback_is_held_and_again_rolls_out(project: Project) -> None:
    content(project, "2")
    project.applied()
    undone = project.deployer("rollback", "--yes")
    assert undone.code == 0, undone.text
    assert len([line for line in undone.requests if line.startswith("PUT")]) == 1
    assert "held back until it changes" in undone.text
    assert answers(project) == {"1": 100, "2": 0}
    assert project.deployer("plan", "--detailed-exitcode").code == 2
    drift = project.deployer("drift")
    assert (drift.code, "rolled back" in drift.text) == (2, True)
    held = project.deployer("apply")
    assert held.code == 0, held.text
    assert "--again" in held.text
    assert answers(project) == {"1": 100, "2": 0}
    project.applied("--again")
    assert answers(project) == {"1": 0, "2": 100}


def test_everyday_commands_know_the_logical_name(project: Project) -> None:
    content(project, "2")
    project.applied()
    request = str(project.folder / "request.json")
    assert "2" in project.deployer("score", "--request", request, "--deployment", "blue").text
    assert "blue-" in project.deployer("logs", "blue").text
    history = project.deployer("history")
    assert history.code == 0, history.text
    lines = [line.split() for line in history.text.splitlines() if line.strip().startswith("blue")]
    assert [(line[0], line[3], line[5]) for line in lines] == [("blue", "100", "passed"), ("blue", "0", "passed")]
    assert project.deployer("logs", "red").code == 1
    named = lines[1][1]
    assert project.deployer("rollback", "--to", named, "--yes").code == 0
    assert answers(project) == {"1": 100, "2": 0}


def test_apply_killed_after_any_write_converges(project: Project) -> None:
    content(project, "2")
    for kill_after in itertools.count(1):
        run = project.deployer("apply", kill_after=kill_after)
        if run.code >= 0:
            break
        assert sum(project.split().values()) == 100
    project.applied()
    assert answers(project) == {"1": 0, "2": 100}
    project.converged(project.split())
