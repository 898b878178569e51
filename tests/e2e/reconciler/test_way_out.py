"""Every refusal names a way out. Here each is refused, then done as the message says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.reconciler.project import Project, Run
from tests.e2e.reconciler.site import DEPLOYMENTS_API

pytestmark = pytest.mark.xdist_group("reconciler-way-out")


def refused(run: Run, *said: str) -> None:
    assert run.code == 3, run.text
    for words in said:
        assert words in run.text, run.text
    assert [request for request in run.requests if not request.startswith("GET")] == [], run.requests


def untag(project: Project, path: str, version: str) -> None:
    """Take our tags off, as somebody could in the portal."""
    found = project.site.ask("GET", path, version)
    project.site.ask("PUT", path, version, {**found, "tags": {}})
    while project.site.ask("GET", path, version)["properties"]["provisioningState"] == "Updating":
        pass


def serves(project: Project, **mirror: int) -> None:
    project.declare({"blue": "1", "green": "1"}, blue=100)
    project.edit("endpoint", mirror_traffic=mirror)
    project.applied()


@contextmanager
def failing(project: Project, path: str) -> Iterator[None]:
    with project.site.fault(method="PUT", path=path, operation="fail", count=1):
        yield


def endpoint_path(project: Project) -> str:
    return f"/onlineEndpoints/{project.name}"


def tags(project: Project) -> Any:
    return project.site.endpoint(project.name)["tags"]


def test_adopting_works_whatever_changed_and_once(project: Project) -> None:
    serves(project)
    untag(project, endpoint_path(project), "2022-02-01-preview")
    project.edit("deployment-blue", instance_count=2)
    refused(project.deployer("apply"), "Pass --adopt to take it over.")
    project.applied("--adopt")
    assert tags(project)["deployer-project"] == project.name
    project.edit("deployment-blue", instance_count=1)
    project.applied()


def test_adopting_works_with_nothing_to_change(project: Project) -> None:
    serves(project)
    untag(project, endpoint_path(project), "2022-02-01-preview")
    plan = project.deployer("plan", "--adopt", "--detailed-exitcode")
    assert plan.code == 2, plan.text
    assert "takes it over: its tag will name" in plan.text
    project.applied("--adopt")
    project.converged({"blue": 100}, "--adopt")
    project.edit("deployment-blue", instance_count=2)
    project.applied()


def test_an_endpoint_that_left_the_specs_and_serves_goes_when_that_is_allowed(project: Project) -> None:
    serves(project)
    for spec in ("endpoint", "deployment-blue", "deployment-green"):
        (project.folder / "specs" / f"{spec}.yml").unlink()
    refused(project.deployer("apply", "--prune"), "delete-while-serving", "Pass --allow-outage")
    project.applied("--prune", "--allow-outage")
    assert project.site.endpoint(project.name) is None


def test_a_mirrored_deployment_whose_update_failed_is_repaired(project: Project) -> None:
    serves(project, green=10)
    project.edit("deployment-green", environment_variables={"ANSWER": "crash"})
    assert project.deployer("apply").code == 1
    project.edit("deployment-green", environment_variables={"ANSWER": "1"})
    project.applied()
    project.converged({"blue": 100})


def test_a_protected_endpoint_that_was_never_created_is_created(project: Project) -> None:
    project.declare({"blue": "1"}, blue=100)
    project.edit("endpoint", **{"x-protect": True})
    with failing(project, f"/onlineEndpoints/{project.name}$"):
        assert project.deployer("apply").code == 1
    project.applied()
    project.converged({"blue": 100})
    refused(project.deployer("destroy", "--yes", project.name), "Apply the spec of its endpoint with x-protect: false")
    project.edit("endpoint", **{"x-protect": False})
    project.applied()
    assert project.deployer("destroy", "--yes", project.name).code == 0


def test_a_protected_endpoint_that_was_never_created_can_be_destroyed(project: Project) -> None:
    project.declare({"blue": "1"}, blue=100)
    project.edit("endpoint", **{"x-protect": True})
    with failing(project, f"/onlineEndpoints/{project.name}$"):
        assert project.deployer("apply").code == 1
    assert project.deployer("destroy", "--yes", project.name).code == 0
    assert project.site.endpoint(project.name) is None


def test_destroy_names_what_goes_and_spares_what_is_not_ours(project: Project) -> None:
    serves(project)
    untag(project, f"{endpoint_path(project)}/deployments/green", DEPLOYMENTS_API)
    gone = project.deployer("destroy", "--yes", project.name)
    refused(
        gone,
        "these deployments: blue, green",
        f"deployment {project.name}/green",
        "was not created by this tool",
        "--adopt",
    )
    done = project.deployer("destroy", "--adopt", "--yes", project.name)
    assert done.code == 0, done.text
    assert f"model {project.name}-model:1" in done.text
    assert project.site.endpoint(project.name) is None


def test_an_endpoint_that_got_a_deployment_after_the_question_is_kept(project: Project) -> None:
    """The other one is created while `destroy` waits for the endpoint, which is being changed."""
    serves(project)
    blue = project.site.ask("GET", f"{endpoint_path(project)}/deployments/blue", DEPLOYMENTS_API)
    with project.site.fault(method="DELETE", path=f"/onlineEndpoints/{project.name}$", status=409, count=1):
        process, output = project.begin("destroy", "--yes", project.name)
        while project.site.faults_left():
            assert process.is_alive(), output.read_text()
        late = {key: blue[key] for key in ("location", "properties", "sku", "tags", "identity") if key in blue}
        project.site.ask("PUT", f"{endpoint_path(project)}/deployments/late", DEPLOYMENTS_API, late)
        process.join(120)
    assert process.exitcode == 3, output.read_text()
    assert project.site.endpoint(project.name) is not None


def test_rollback_works_while_the_specs_are_broken(project: Project) -> None:
    serves(project, green=10)
    project.declare({"blue": "1", "green": "1"}, green=100)
    project.edit("endpoint", mirror_traffic={"blue": 5})
    project.applied()
    (project.folder / "specs" / "endpoint.yml").write_text("name: [")
    back = project.deployer("rollback", "--yes", "--endpoint", project.name)
    assert (back.code, project.split()) == (0, {"blue": 100}), back.text
    assert project.site.endpoint(project.name)["properties"]["mirrorTraffic"] == {"green": 10}
    assert "no-smoke-test" not in back.text
    again = f"deployer apply --endpoint {project.name} --project {project.folder}"
    assert f"The next `{again}` moves the traffic" in back.text
