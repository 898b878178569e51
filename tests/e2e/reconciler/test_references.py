"""References by label, without a version, and by ARM id: resolved once, shown as versions, and nothing left to do."""

from __future__ import annotations

import json

import pytest

from deployer.core.coordinates import LOCAL_WORKSPACE
from tests.e2e.reconciler.project import Project, Run

pytestmark = pytest.mark.xdist_group("reconciler-references")


def refers(project: Project, model: str = "", environment: str = "") -> None:
    """Blue names its assets like this; "{}" stands for what they are called."""
    names = {"model": (model or "azureml:{}:1", "-model"), "environment": (environment or "azureml:{}:1", "-env")}
    project.edit("deployment-blue", **{key: text.format(project.name + end) for key, (text, end) in names.items()})


def undeclare(project: Project) -> None:
    for spec in ("model", "environment"):
        (project.folder / "specs" / f"{spec}.yml").unlink()


def nothing_to_do(project: Project) -> None:
    plan = project.deployer("plan", "--detailed-exitcode")
    assert plan.code == 0, plan.text
    drift = project.deployer("drift")
    assert drift.code == 0, drift.text


def refused(run: Run, code: str) -> None:
    assert run.code == 3, run.text
    assert f"[{code}]" in run.text, run.text
    assert [request for request in run.requests if not request.startswith("GET")] == []


def deployed(project: Project) -> None:
    project.declare({"blue": "1"}, blue=100)
    project.applied()


@pytest.mark.parametrize("spelling", ["azureml:{}@latest", "azureml:{}"])
def test_the_newest_version_of_what_the_specs_declare(project: Project, spelling: str) -> None:
    project.declare({"blue": "1"}, blue=100)
    refers(project, spelling, spelling)
    assert f"azureml:{project.name}-model:1" in project.deployer("plan").text
    project.applied()
    nothing_to_do(project)


@pytest.mark.parametrize("spelling", ["azureml:{}@latest", "azureml:{}"])
def test_the_newest_version_of_what_is_registered_alone(project: Project, spelling: str) -> None:
    deployed(project)
    undeclare(project)
    refers(project, spelling, spelling)
    nothing_to_do(project)


def test_a_version_that_this_plan_registers_is_the_newest(project: Project) -> None:
    deployed(project)
    project.add_model(2)
    refers(project, "azureml:{}@latest")
    plan = project.deployer("plan", "--out", str(project.folder / "plan.json"))
    assert f"azureml:{project.name}-model:1 -> azureml:{project.name}-model:2" in plan.text, plan.text
    saved = project.deployer("apply", str(project.folder / "plan.json"))
    assert saved.code == 0, saved.text
    nothing_to_do(project)
    again = project.deployer("apply", str(project.folder / "plan.json"))
    assert again.code == 0, again.text
    assert "applied already" in again.text


@pytest.mark.parametrize("spelling", ["azureml:absent-{}@latest", "azureml:absent-{}", "azureml:{}@prod"])
def test_what_stands_for_no_version_is_refused_before_anything_is_written(project: Project, spelling: str) -> None:
    project.declare({"blue": "1"}, blue=100)
    refers(project, spelling, spelling)
    refused(project.deployer("apply"), "reference-unresolved")


def test_the_id_of_a_version_here_is_its_short_form(project: Project) -> None:
    deployed(project)
    home = LOCAL_WORKSPACE.arm_id
    for place in (
        home,
        home.replace("resourceGroups", "resourcegroups"),
        home.replace("Microsoft.MachineLearningServices", "microsoft.machinelearningservices"),
    ):
        refers(project, f"azureml:{place}/models/{{}}/versions/1", f"{place}/environments/{{}}/versions/1")
        nothing_to_do(project)


def test_the_local_workspace_is_where_its_ids_say(project: Project) -> None:
    place = project.site.connection["workspace"]
    assert (place["subscription_id"], place["resource_group"], place["name"]) == (
        LOCAL_WORKSPACE.subscription_id,
        LOCAL_WORKSPACE.resource_group,
        LOCAL_WORKSPACE.name,
    )


def test_rollback_and_status_read_no_labels(project: Project) -> None:
    project.declare({"blue": "1", "green": "1"}, blue=100)
    refers(project, "azureml:{}@latest")
    project.applied()
    project.declare({"blue": "1", "green": "1"}, green=100)
    project.applied()
    refers(project, "azureml:absent-{}@latest")
    assert project.deployer("status").code == 0
    assert project.deployer("rollback", "--yes", "--endpoint", project.name).code == 0
    assert project.split() == {"blue": 100}


def test_two_models_with_the_same_content_are_registered_in_one_apply(project: Project) -> None:
    project.declare({"blue": "1"}, blue=100)
    for version in ("2", "3", "4"):
        name = f"{project.name}-copy-{version}"
        spec = {"name": name, "version": version, "path": "../model"}
        (project.folder / "specs" / f"copy-{version}.yml").write_text(json.dumps(spec))
    with project.site.fault(method="PUT", path="/store.blob.local/", delay_ms=400):  # so that uploads meet
        project.applied()
    nothing_to_do(project)


def test_assets_without_a_version_are_the_newest_with_their_content_or_the_next(project: Project) -> None:
    project.declare({"blue": "1"}, blue=100)
    refers(project, "azureml:{}@latest", "azureml:{}")
    for spec in ("model", "environment"):
        without_version(project, spec)
    project.applied()
    nothing_to_do(project)
    project.edit("environment", description="for digits")
    project.applied()
    nothing_to_do(project)
    (project.folder / "model" / "more.txt").write_text("more")
    plan = project.deployer("plan")
    assert f"azureml:{project.name}-model:1 -> azureml:{project.name}-model:2" in plan.text, plan.text
    project.applied()
    nothing_to_do(project)


def without_version(project: Project, spec: str) -> None:
    file = project.folder / "specs" / f"{spec}.yml"
    written = json.loads(file.read_text())
    del written["version"]
    file.write_text(json.dumps(written))
