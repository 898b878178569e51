"""kill -9 after every single request of an apply: the next apply converges, and nobody is without an answer."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pytest

from tests.e2e.reconciler.project import ROLLOUT, Project

pytestmark = pytest.mark.xdist_group("reconciler-crash")
NewProject = Callable[[], Project]


WATCH = {"grain": "1s", "window": "2s", "settle": 0, "min_requests": 20, "max_error_rate": "5%", "limit": "20s"}
WATCHED = {"steps": [50, 100], "watch": {**WATCH, "on_inconclusive": "continue"}}
"""Gates on customers' requests, which let a rollout pass that has no customers."""


def nothing(project: Project) -> None:
    pass


def blue_serves(project: Project) -> None:
    project.declare({"blue": "1"}, blue=100)
    project.applied()


def green_is_left_over(project: Project) -> None:
    project.declare({"blue": "1", "green": "2"}, blue=100)
    project.applied()


def green_failed(project: Project) -> None:
    blue_serves(project)
    project.declare({"blue": "1", "green": "crash"}, blue=100)
    assert project.deployer("apply").code == 1
    assert project.states()["green"] == "Failed"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """How it stands before, what is then declared and applied, and the traffic in the end."""

    before: Callable[[Project], None]
    change: Callable[[Project], None]
    end: str
    deployments: frozenset[str]
    arguments: tuple[str, ...] = ()


SCENARIOS = {
    "first-create": Scenario(
        before=nothing,
        change=lambda project: project.declare({"blue": "1"}, blue=100),
        end="blue",
        deployments=frozenset({"blue"}),
    ),
    "blue-to-green": Scenario(
        before=blue_serves,
        change=lambda project: project.declare({"blue": "1", "green": "2"}, ROLLOUT, green=100),
        end="green",
        deployments=frozenset({"blue", "green"}),
    ),
    "watched": Scenario(
        before=blue_serves,
        change=lambda project: project.declare({"blue": "1", "green": "2"}, WATCHED, green=100),
        end="green",
        deployments=frozenset({"blue", "green"}),
    ),
    "in-place": Scenario(
        before=blue_serves,
        change=lambda project: project.declare({"blue": "2"}, blue=100),
        end="blue",
        deployments=frozenset({"blue"}),
    ),
    "prune": Scenario(
        before=green_is_left_over,
        change=lambda project: project.declare({"blue": "1"}, blue=100),
        end="blue",
        deployments=frozenset({"blue"}),
        arguments=("--prune",),
    ),
    "replace-failed": Scenario(
        before=green_failed,
        change=lambda project: project.declare({"blue": "1", "green": "2"}, blue=100),
        end="blue",
        deployments=frozenset({"blue", "green"}),
    ),
}


def requests_of(scenario: Scenario, project: Project) -> tuple[str, ...]:
    """The requests of an apply that nobody disturbs."""
    scenario.before(project)
    scenario.change(project)
    return project.applied(*scenario.arguments).requests


def killed_and_run_again(scenario: Scenario, project: Project, number: int) -> None:
    scenario.before(project)
    scenario.change(project)
    if scenario.before is nothing:
        _kill(scenario, project, number)
        project.applied(*scenario.arguments)
    else:
        with project.site.load(project.name) as seen:
            _kill(scenario, project, number)
            _serves(project)
            project.applied(*scenario.arguments)
        assert {status for status, _ in seen} == {200}, seen
    project.converged({scenario.end: 100}, *scenario.arguments)
    assert project.states().keys() == scenario.deployments


def _kill(scenario: Scenario, project: Project, number: int) -> None:
    run = project.deployer("apply", *scenario.arguments, kill_after=number)
    assert run.code in (-signal.SIGKILL, 0), run.text


def _serves(project: Project) -> None:
    """The traffic law: all of it goes to deployments that exist and came up."""
    split, states = project.split(), project.states()
    assert sum(split.values()) == 100
    assert all(name in states and states[name] != "Failed" for name in split), (split, states)


def killed_at(numbers: Iterable[int], name: str, undisturbed: Sequence[str], new_project: NewProject) -> None:
    """Every point is tried, and all that went wrong is told."""
    wrong = []
    for number in numbers:
        project = new_project()
        try:
            killed_and_run_again(SCENARIOS[name], project, number)
        except AssertionError as error:
            wrong.append(f"after request {number}, {undisturbed[number - 1]}:\n{error}")
        project.forget()
    assert not wrong, "\n\n".join(wrong)


def test_an_apply_killed_after_any_write_of_a_rollout_converges_when_run_again(new_project: NewProject) -> None:
    undisturbed = requests_of(SCENARIOS["blue-to-green"], new_project())
    writes = [number for number, line in enumerate(undisturbed, 1) if re.match(r"PUT .*/onlineEndpoints/", line)]
    assert len(writes) == 4, undisturbed
    killed_at(writes, "blue-to-green", undisturbed, new_project)


@pytest.mark.long
@pytest.mark.parametrize("name", SCENARIOS)
def test_an_apply_killed_after_any_request_converges_when_run_again(name: str, new_project: NewProject) -> None:
    undisturbed = requests_of(SCENARIOS[name], new_project())
    killed_at(range(1, len(undisturbed) + 1), name, undisturbed, new_project)
