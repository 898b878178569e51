"""What happens during an apply: requests of customers, a second apply, a reviewer's plan, Ctrl-C."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from tests.e2e.reconciler.project import ROLLOUT, Project, Run, ended

pytestmark = pytest.mark.xdist_group("reconciler-meanwhile")
NewProject = Callable[[], Project]
SLOW = {**ROLLOUT, "bake": "20s"}
STALE = 3


def until(condition: Callable[[], bool], seconds: float = 300) -> None:
    """Look until it is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def blue_serves(project: Project) -> None:
    project.declare({"blue": "1"}, blue=100)
    project.applied()


def test_nobody_goes_without_an_answer_while_traffic_moves_and_deployments_change(project: Project) -> None:
    blue_serves(project)
    with project.site.load(project.name, pause=0.0) as seen:
        project.declare({"blue": "1", "green": "2"}, ROLLOUT, green=100)
        project.applied()
        project.declare({"blue": "1", "green": "3"}, ROLLOUT, green=100)
        project.applied()
        project.declare({"green": "3"}, ROLLOUT, green=100)
        project.applied("--prune")
    assert {status for status, _ in seen} == {200}, seen
    assert {name for _, name in seen} == {"blue", "green"}
    assert sum(seen.values()) > 100
    project.converged({"green": 100}, "--prune")


def after_requests(project: Project, number: int, *arguments: str) -> tuple[ForkServerProcess, Path]:
    """An apply that has made so many requests."""
    process, output = project.begin("apply", *arguments)
    notes = output.with_suffix(".requests")
    until(lambda: not process.is_alive() or (notes.exists() and len(notes.read_text().splitlines()) >= number))
    return process, output


def side_by_side(project: Project, number: int) -> tuple[Run, Run]:
    """An apply, and a second one that is started when the first has made so many requests."""
    blue_serves(project)
    project.declare({"blue": "1", "green": "2"}, ROLLOUT, green=100)
    with project.site.load(project.name) as seen:
        first = after_requests(project, number)
        second = project.deployer("apply")
        result = ended(*first)
    assert {status for status, _ in seen} == {200}, seen
    for run in (result, second):
        assert "Traceback" not in run.text, run.text
        assert run.code in (0, STALE), run.text
    if result.code or second.code:
        project.applied()
    project.converged({"green": 100})
    return result, second


@pytest.mark.parametrize("number", [4, 20])
def test_a_second_apply_ends_stale_waits_or_converges(number: int, project: Project) -> None:
    side_by_side(project, number)


@pytest.mark.long
def test_a_second_apply_at_any_point_of_the_first(new_project: NewProject) -> None:
    wrong = []
    for number in range(1, 45):
        project = new_project()
        try:
            side_by_side(project, number)
        except AssertionError as error:
            wrong.append(f"started after request {number}:\n{error}")
        project.forget()
    assert not wrong, "\n\n".join(wrong)


def baking(project: Project) -> tuple[ForkServerProcess, Path]:
    """An apply that bakes its first traffic step."""
    blue_serves(project)
    project.declare({"blue": "1", "green": "2"}, SLOW, green=100)
    process, output = project.begin("apply")
    until(lambda: "green" in project.split())
    return process, output


def interrupt(process: ForkServerProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGINT)


def test_ctrl_c_tells_what_was_applied_and_what_not_and_the_next_apply_goes_on(project: Project) -> None:
    process, output = baking(project)
    interrupt(process)
    run = ended(process, output, seconds=10)
    assert run.code == 130, run.text
    done, _, rest = run.text.partition("Not done")
    assert "created deployment" in done, run.text
    assert "Done:" not in run.text, "what was told line by line is not told again"
    assert "set traffic" in rest, run.text
    assert project.split() == {"blue": 90, "green": 10}
    project.declare({"blue": "1", "green": "2"}, ROLLOUT, green=100)
    again = project.applied()
    assert "90 % -> 50 %" in again.text, again.text
    project.converged({"green": 100})


def test_ctrl_c_lets_the_write_in_flight_end(project: Project) -> None:
    blue_serves(project)
    project.declare({"blue": "2", "green": "2"}, blue=100)
    path = f"/onlineEndpoints/{project.name}/deployments/green$"
    with project.site.fault(method="PUT", path=path, operation="hang", count=1):
        process, output = project.begin("apply")
        until(lambda: project.states().get("green") == "Updating")
        interrupt(process)
        until(lambda: "Stopping" in output.read_text())
        assert process.is_alive()
    run = ended(process, output, seconds=20)
    assert run.code == 130, run.text
    assert "created deployment" in run.text, run.text
    assert project.states()["green"] == "Succeeded"


def test_ctrl_c_twice_leaves_at_once_and_the_next_apply_converges(project: Project) -> None:
    blue_serves(project)
    project.declare({"blue": "1", "green": "2"}, blue=100)
    path = f"/onlineEndpoints/{project.name}/deployments/green$"
    with project.site.fault(method="PUT", path=path, operation="hang", count=1):
        process, output = project.begin("apply")
        until(lambda: project.states().get("green") == "Updating")
        interrupt(process)
        until(lambda: "Stopping" in output.read_text())
        interrupt(process)
        assert ended(process, output, seconds=5).code == 130
    project.applied()
    project.converged({"blue": 100})


def test_a_reviewed_plan_is_refused_once_live_state_or_specs_moved(project: Project) -> None:
    blue_serves(project)
    project.declare({"blue": "2"}, blue=100)
    plan = str(project.folder / "plan.json")
    assert project.deployer("plan", "--out", plan).code == 0
    live = project.site.endpoint(project.name)
    live["tags"]["owner"] = "somebody"
    project.site.ask("PUT", f"/onlineEndpoints/{project.name}", body=live)
    until(lambda: project.site.endpoint(project.name)["properties"]["provisioningState"] == "Succeeded")
    stale = project.deployer("apply", plan)
    assert stale.code == STALE, stale.text
    assert "stale" in stale.text, stale.text
    assert "owner" in stale.text, stale.text
    assert project.deployer("plan", "--out", plan).code == 0
    project.declare({"blue": "3"}, blue=100)
    stale = project.deployer("apply", plan)
    assert stale.code == STALE, stale.text
    assert "ANSWER" in stale.text, stale.text
    assert project.deployer("plan", "--out", plan).code == 0
    project.applied(plan)
    project.converged({"blue": 100})
