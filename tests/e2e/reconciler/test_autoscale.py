"""Autoscale settings as a user meets them: declared, changed by hand, taken over, moved to a revision, and gone."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.reconciler.project import Project, Run
from tests.e2e.reconciler.site import Site

NUMBERS = itertools.count(1)
VERSION = "2022-10-01"


@pytest.fixture
def project(quick_site: Site, tmp_path: Path) -> Project:
    """A project whose one deployment is scaled between two and four instances."""
    name = f"scaled-{next(NUMBERS)}"
    made = Project(name=name, folder=tmp_path / name, site=quick_site)
    made.declare({"blue": "1"}, blue=100)
    scaled(made, min=2, max=4, cpu="70%")
    made.applied()
    return made


def scaled(project: Project, **setting: object) -> None:
    """Declare an autoscale setting for blue."""
    project.edit("deployment-blue", instance_count=None, **{"x-autoscale": setting})


def unscaled(project: Project) -> None:
    """Declare none for blue."""
    project.edit("deployment-blue", **{"x-autoscale": None})


def setting(project: Project, name: str = "blue") -> dict[str, Any] | None:
    """The live setting of a deployment."""
    target = f"/onlineendpoints/{project.name}/deployments/{name}"
    found = [item for item in settings(project) if item["properties"]["targetResourceUri"].lower().endswith(target)]
    return found[0] if found else None


def settings(project: Project) -> list[dict[str, Any]]:
    """Every live setting for the endpoint of a project."""
    found: list[dict[str, Any]] = project.site.beside("GET", "", VERSION)["value"]
    return [
        item for item in found if f"/onlineendpoints/{project.name}/" in item["properties"]["targetResourceUri"].lower()
    ]


def write(project: Project, name: str, target: str = "blue", **members: object) -> None:
    """Write a setting as somebody else would."""
    capacity = {"minimum": "1", "maximum": "3", "default": "1"}
    place = project.site.endpoint(project.name)["id"] + f"/deployments/{target}"
    properties = {"targetResourceUri": place, "profiles": [{"name": "p", "capacity": capacity, "rules": []}], **members}
    project.site.beside("PUT", name, VERSION, {"location": "local", "properties": properties})


def instances(project: Project) -> dict[str, int]:
    """The live number of instances of each deployment."""
    found = project.site.ask("GET", f"/onlineEndpoints/{project.name}/deployments", "2023-04-01-preview")["value"]
    return {item["name"]: item["sku"]["capacity"] for item in found}


def until(wanted: object, look: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while (found := look()) != wanted:
        assert time.monotonic() < end, found
        time.sleep(0.05)


def looks(run: Run) -> int:
    """How often a command read autoscale settings."""
    return sum("autoscalesettings" in line.lower() for line in run.requests)


def test_a_declared_setting_acts_and_nothing_is_left_to_do(project: Project) -> None:
    until({"blue": 2}, lambda: instances(project))
    plan = project.deployer("plan", "--detailed-exitcode")
    assert (plan.code, looks(plan)) == (0, 1), plan.text
    live = setting(project)
    assert live is not None
    assert live["tags"]["deployer-project"] == project.name
    assert [rule["scaleAction"]["direction"] for rule in live["properties"]["profiles"][0]["rules"]] == [
        "Increase",
        "Decrease",
    ]
    assert project.deployer("drift").code == 0


def test_other_changes_keep_the_live_number_of_instances(project: Project) -> None:
    until({"blue": 2}, lambda: instances(project))
    project.edit("deployment-blue", description="new")
    project.applied()
    assert instances(project) == {"blue": 2}
    project.converged({"blue": 100})


def test_without_one_nobody_reads_settings(project: Project) -> None:
    scaled(project, min=3, max=4, cpu="70%")
    project.applied()
    until({"blue": 3}, lambda: instances(project))
    unscaled(project)
    plan = project.deployer("plan")
    assert "its instances: 3 now, 1 by its spec [autoscale-ends]" in plan.text
    assert "3 -> 1 (default)" in plan.text
    run = project.applied()
    writes = [line.split()[0] for line in run.requests if line.startswith(("PUT", "DELETE"))]
    assert writes[0] == "DELETE"
    assert (instances(project), settings(project)) == ({"blue": 1}, [])
    plan = project.deployer("plan", "--detailed-exitcode")
    assert (plan.code, looks(plan)) == (0, 0), plan.text


def test_what_somebody_changed_is_drift_and_is_put_right(project: Project) -> None:
    live = setting(project)
    assert live is not None
    capacity = {"minimum": "1", "maximum": "9", "default": "1"}
    live["properties"]["profiles"][0]["capacity"] = capacity
    live["properties"]["notifications"] = [{"operation": "Scale", "email": {"customEmails": ["a@example.com"]}}]
    project.site.beside(
        "PUT", live["name"], VERSION, {"location": "local", **{key: live[key] for key in ("tags", "properties")}}
    )
    drift = project.deployer("drift")
    assert (drift.code, "max" in drift.text) == (2, True), drift.text
    project.applied()
    now = setting(project)
    assert now is not None
    assert now["properties"]["profiles"][0]["capacity"]["maximum"] == "4"
    assert now["properties"]["notifications"] == live["properties"]["notifications"]


def test_a_setting_of_somebody_else_needs_to_be_adopted(project: Project) -> None:
    unscaled(project)
    project.applied()
    write(project, "theirs")
    scaled(project, min=1, max=2, cpu="70%")
    refused = project.deployer("apply")
    assert (refused.code, "not-ours" in refused.text) == (3, True), refused.text
    project.applied("--adopt")
    (live,) = settings(project)
    assert (live["name"], live["tags"]["deployer-project"]) == ("theirs", project.name)
    project.converged({"blue": 100})


def test_who_may_not_read_settings_is_told_so_and_nothing_is_written(project: Project) -> None:
    scaled(project, min=1, max=9, cpu="50%")
    with project.site.fault(method="GET", path="(?i)autoscalesettings", status=403, code="AuthorizationFailed"):
        for command in ("plan", "drift", "apply"):
            run = project.deployer(command)
            assert (run.code, "autoscale-unread" in run.text) == (3, True), run.text
            assert not any(line.startswith(("PUT", "DELETE")) for line in run.requests)


def test_destroy_and_prune_take_settings_along(project: Project) -> None:
    project.declare({"blue": "1", "green": "2"}, blue=100)
    project.edit("deployment-green", instance_count=None, **{"x-autoscale": {"min": 1, "max": 2, "cpu": "70%"}})
    unscaled(project)
    project.applied()
    assert setting(project, "green")
    project.declare({"blue": "1"}, blue=100)
    project.applied("--prune")
    assert (set(instances(project)), settings(project)) == ({"blue"}, [])
    scaled(project, min=1, max=2, cpu="70%")
    project.applied()
    gone = project.deployer("destroy", "--yes", project.name)
    assert gone.code == 0, gone.text
    assert (project.site.endpoint(project.name), settings(project)) == (None, [])


def test_a_setting_whose_deployment_is_gone_is_pruned(project: Project) -> None:
    project.declare({"blue": "1", "green": "2"}, blue=100)
    scaled(project, min=1, max=2, cpu="70%")
    project.edit("deployment-green", instance_count=None, **{"x-autoscale": {"min": 1, "max": 2, "cpu": "70%"}})
    project.applied()
    project.site.ask("DELETE", f"/onlineEndpoints/{project.name}/deployments/green", "2023-04-01-preview")
    until({"blue"}, lambda: set(instances(project)))
    project.declare({"blue": "1"}, blue=100)
    scaled(project, min=1, max=2, cpu="70%")
    plan = project.deployer("plan")
    assert f"autoscale setting {project.name}/green" in plan.text, plan.text
    project.applied("--prune")
    assert [item["properties"]["targetResourceUri"].split("/")[-1] for item in settings(project)] == ["blue"]


def revised(project: Project, answer: str) -> None:
    project.declare({"blue": answer}, blue=100)
    project.edit("deployment-blue", **{"x-revisions": {"keep": 1}})
    scaled(project, min=1, max=4, cpu="70%")


def test_a_setting_moves_to_the_next_revision(project: Project) -> None:
    revised(project, "1")
    project.applied()
    scaled(project, min=3, max=4, cpu="70%")
    project.applied()
    until(3, lambda: max(instances(project).values()))
    revised(project, "2")
    plan = project.deployer("plan")
    assert "create autoscale setting" in plan.text
    assert "delete autoscale setting" in plan.text
    project.applied()
    (name,) = project.split()
    assert [item["properties"]["targetResourceUri"].split("/")[-1] for item in settings(project)] == [name]
    assert instances(project)[name] == 3
    project.converged({name: 100})


def test_after_a_rollback_the_next_apply_scales_what_serves_again(project: Project) -> None:
    revised(project, "1")
    project.applied()
    (first,) = project.split()
    revised(project, "2")
    project.applied()
    assert project.deployer("rollback", "--yes").code == 0
    assert project.split() == {first: 100}
    project.applied()
    assert [item["properties"]["targetResourceUri"].split("/")[-1] for item in settings(project)] == [first]
    held = project.deployer("plan", "--detailed-exitcode")
    assert held.code == 2, held.text
    assert "Plan:" not in held.text, held.text


def test_apply_killed_after_any_write_converges(project: Project) -> None:
    revised(project, "1")
    project.applied()
    revised(project, "2")
    for kill_after in itertools.count(1):
        run = project.deployer("apply", kill_after=kill_after)
        if run.code >= 0:
            break
    project.applied()
    (name,) = project.split()
    assert [item["properties"]["targetResourceUri"].split("/")[-1] for item in settings(project)] == [name]
    project.converged({name: 100})


def test_import_writes_what_is_live(project: Project, tmp_path: Path) -> None:
    rules = {
        "requests > 1000 max 10m": "+50%",
        "latency_p95 > 400": {"change": "+1", "of": "endpoint", "cooldown": "10m"},
    }
    schedules = {
        "night": {"days": ["Monday", "Sunday"], "start": "20:00", "end": "06:30", "min": 1, "max": 1},
        "sale": {
            "from": "2020-12-01T00:00",
            "until": "2020-12-02T00:00",
            "min": 2,
            "max": 3,
            "rules": {"cpu > 50": "+1"},
        },
    }
    scaled(project, min=1, max=4, default=2, rules={**rules, "cpu < 20": -1}, schedules=schedules)
    project.applied()
    project.converged({"blue": 100})
    imported = project.deployer("import", project.name)
    assert imported.code == 0, imported.text
    folder = project.folder / "specs" / project.name
    written = (folder / "deployment-blue.yml").read_text()
    shutil.rmtree(folder)
    assert "x-autoscale" in written
    assert "instance_count" not in written
    (project.folder / "specs" / "deployment-blue.yml").write_text(written)
    validated = project.deployer("validate")
    assert validated.code == 0, validated.text
    again = project.deployer("plan")
    assert "autoscale setting" not in again.text, again.text
