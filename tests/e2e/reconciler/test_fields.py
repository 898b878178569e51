"""Fields that the SDK's entities do not know, from the spec to the container and back."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.reconciler.project import Project

WITH_FIELD = "2025-12-01"
PROBE = {"initialDelay": "PT10S", "period": "PT10S", "timeout": "PT2S", "successThreshold": 1, "failureThreshold": 60}


def test_a_startup_probe_is_deployed_shown_and_taken_away_again(project: Project) -> None:
    project.declare({"blue": "7"}, blue=100)
    project.applied()
    assert shown(project) is None
    spec = project.folder / "specs" / "deployment-blue.yml"
    without = spec.read_text()
    spec.write_text(json.dumps({**json.loads(without), "startup_probe": {"failure_threshold": 60}}))
    assert "startup_probe.failure_threshold" in project.deployer("plan").text
    project.applied()
    assert shown(project) == PROBE
    project.converged({"blue": 100})
    spec.write_text(without)
    project.applied()
    assert shown(project) is None
    project.converged({"blue": 100})


def shown(project: Project) -> Any:
    path = f"/onlineEndpoints/{project.name}/deployments/blue"
    return project.site.ask("GET", path, WITH_FIELD)["properties"]["startupProbe"]


def test_a_refused_request_is_told_without_the_log_of_a_container_it_never_touched(project: Project) -> None:
    project.declare({"blue": "7"}, blue=100)
    project.applied()
    project.declare({"blue": "8"}, blue=100)
    path = f".*/{project.name}/deployments/blue"
    with project.site.fault(method="PUT", path=path, status=400):
        refused = project.deployer("apply")
    assert refused.code == 1, refused.text
    assert "Could not write deployment" in refused.text
    assert "container's log" not in refused.text
    project.declare({"blue": "crash"}, blue=100)
    failed = project.deployer("apply", "--allow-outage")
    assert failed.code == 1, failed.text
    assert "container's log" in failed.text
    # Which of its lines are the last depends on how far the next start of the crashing container has come.
    assert "this model does not load" in project.deployer("logs", "blue", "--tail", "2000").text
