"""Rollouts that watch their customers: judged by the metrics of the workspace, with a client that never stops."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.reconciler.project import Project, Run, ended
from tests.e2e.reconciler.site import Site

NUMBERS = itertools.count(1)
NOTHING: Mapping[str, str] = {}
WATCH = {
    "grain": "1s",
    "window": "5s",
    "settle": 0,
    "min_requests": 40,
    "error_rate": "+5%",
    "p95": "1.2x",
    "limit": "2m",
}
ROLLOUT = {"steps": [40, 100], "watch": WATCH}


@pytest.fixture
def project(quick_site: Site, tmp_path: Path) -> Project:
    """A project whose customers are served by blue."""
    name = f"watched-{next(NUMBERS)}"
    made = Project(name=name, folder=tmp_path / name, site=quick_site)
    made.declare({"blue": "1"}, blue=100)
    made.applied()
    return made


def green(project: Project, rollout: Mapping[str, object] = ROLLOUT, *, says: Mapping[str, str] = NOTHING) -> None:
    """Declare green beside blue, which behaves as the variables say, and all the traffic to it."""
    project.declare({"blue": "1", "green": "2"}, rollout=rollout, green=100)
    project.edit("deployment-green", environment_variables={"ANSWER": "2", **says})


def judged(run: Run) -> list[str]:
    """The gates with their verdicts, as the JSON of an apply has them."""
    outcome = json.loads(run.text[run.text.index("{") : run.text.rindex("}") + 1])
    return [f"{row['gate']} {row['verdict']}" for item in outcome["results"] for row in item["judged"]]


def test_a_good_one_gets_all_the_traffic_and_no_request_is_lost(project: Project, quick_site: Site) -> None:
    green(project)
    with quick_site.load(project.name, pause=0.002) as seen:
        run = project.applied("--json")
    assert judged(run) == ["error_rate passed", "p95 passed"] * 2
    project.converged({"green": 100})
    assert {status for status, _ in seen} == {200}


@pytest.mark.parametrize(
    ("says", "gate"), [({"FAILS": "0.3"}, "error_rate failed"), ({"MS": "9"}, "p95 failed")], ids=["fails", "slow"]
)
def test_a_bad_one_is_put_back_and_not_tried_again(
    project: Project, quick_site: Site, says: Mapping[str, str], gate: str
) -> None:
    green(project, says=says)
    with quick_site.load(project.name, pause=0.002):
        run = project.deployer("apply", "--json")
    assert run.code == 1, run.text
    assert gate in judged(run)
    assert project.split() == {"blue": 100}
    again = project.deployer("plan")
    assert again.code == 3, again.text
    assert "failed its smoke test or the gates of its rollout" in again.text


def test_metrics_that_go_away_in_a_stage_are_inconclusive(project: Project, quick_site: Site) -> None:
    green(project, {**ROLLOUT, "watch": {**WATCH, "limit": "15s"}})
    with quick_site.load(project.name, pause=0.002), quick_site.fault(path="/metrics$", metrics="missing"):
        run = project.deployer("apply")
    assert run.code == 1, run.text
    assert "decided nothing" in run.text
    assert project.split() == {"blue": 100}
    plan = project.deployer("plan", "--detailed-exitcode")
    assert plan.code == 2, plan.text


def test_a_plan_reads_no_metrics(project: Project) -> None:
    green(project)
    run = project.deployer("plan")
    assert "then watches customers' requests to green for 5 s" in run.text
    assert [request for request in run.requests if "Insights" in request] == []


@pytest.mark.long
def test_a_sign_in_that_ends_in_a_stage_is_no_verdict_and_the_next_apply_goes_on(
    project: Project, quick_site: Site
) -> None:
    green(project, {**ROLLOUT, "watch": {**WATCH, "limit": "15s"}})
    with quick_site.load(project.name, pause=0.002) as seen:
        running = project.begin("apply")
        while "green" not in project.split():
            assert running[0].is_alive()
        with quick_site.fault(path="(?i)/onlineEndpoints/", status=401, code="ExpiredAuthenticationToken"):
            run = ended(*running)
        assert run.code == 1, run.text
        assert project.split() == {"blue": 60, "green": 40}
        project.applied()
    assert {status for status, _ in seen} == {200}
    project.converged({"green": 100})
