"""The most common change: new content for the one deployment that serves. Bad content goes, and is not forgotten."""

from __future__ import annotations

import json
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby

import pytest

from tests.e2e.reconciler.project import Project

pytestmark = pytest.mark.xdist_group("reconciler-in-place")
NewProject = Callable[[], Project]

ALWAYS = "def init(): ...\n\n\ndef run(data): return {answer}\n"
ASSETS_API = "2023-04-01-preview"


def declares(project: Project, answer: int, expected: int = 1) -> None:
    """Blue answers by its code; its test expects the same answer all the time."""
    project.declare({"blue": str(expected)}, blue=100)
    (project.folder / "code" / "score.py").write_text(ALWAYS.format(answer=answer))


def serves_one(project: Project) -> None:
    declares(project, 1)
    project.applied()


@contextmanager
def asked(project: Project) -> Iterator[list[tuple[int, str]]]:
    """A client that asks 20 times a second; its answers in order."""
    answers: list[tuple[int, str]] = []
    over, key = threading.Event(), project.site.key(project.name)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    url = f"{project.site.connection['api']}/inference/{project.name}/score"

    def ask() -> None:
        while not over.wait(0.05):
            answer = project.site.pool.request("POST", url, body=b"{}", headers=headers, timeout=120)
            answers.append((answer.status, answer.data.decode()))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield answers
    finally:
        over.set()
        asking.join()


def marks(project: Project, what: str) -> str:
    return str(project.site.endpoint(project.name)["tags"].get(f"deployer-{what}-1", ""))


def answer_of(project: Project) -> object:
    body = project.deployer("score", "--request", str(project.folder / "request.json"), "--json")
    return json.loads(body.text.partition("\n")[2])["prediction"]


def test_bad_content_is_put_back_under_load_and_stays_refused(project: Project) -> None:
    serves_one(project)
    proven = marks(project, "tested")
    declares(project, 2)
    with asked(project) as answers:
        run = project.deployer("apply")
    assert run.code == 1
    assert "answered 2 instead of 1" in run.text
    assert "the earlier content was put back" in run.text
    assert {status for status, _ in answers} == {200}
    phases = [answer for (_, answer), _ in groupby(answers)]
    assert phases in (["1", "2", "1"], ["1"]), phases  # the second, where no request came between switch and put-back
    assert answer_of(project) == 1
    assert marks(project, "tested") == proven
    assert "blue=" in marks(project, "failed")
    for command in ("plan", "drift", "apply"):
        again = project.deployer(command)
        assert (again.code, "[test-failed]" in again.text) == (3, True), again.text
        assert not any(line.startswith(("PUT", "PATCH", "DELETE")) for line in again.requests)
    assert project.deployer("status").code == 0
    declares(project, 1)
    project.converged({"blue": 100})


def test_content_that_failed_is_tried_again_when_asked_and_an_edited_expectation_without(project: Project) -> None:
    serves_one(project)
    declares(project, 2)
    assert project.deployer("apply").code == 1
    assert project.deployer("apply", "--again").code == 1
    assert project.deployer("plan").code == 3
    declares(project, 2, expected=2)
    project.declare({"blue": "2"}, blue=100)
    assert project.deployer("plan", "--detailed-exitcode").code == 2
    project.applied()
    assert answer_of(project) == 2
    project.converged({"blue": 100})


@pytest.mark.parametrize("answer", [1, 2])
def test_an_apply_killed_between_the_write_and_its_test_leaves_a_test_owed(
    new_project: NewProject, answer: int
) -> None:
    first = new_project()
    serves_one(first)
    (first.folder / "code" / "more.py").write_text("")
    undisturbed = first.applied().requests
    writes = [number for number, line in enumerate(undisturbed, 1) if re.match(r"PUT .*/deployments/blue", line)]
    project = new_project()
    serves_one(project)
    declares(project, answer)
    (project.folder / "code" / "more.py").write_text("")
    run = project.deployer("apply", kill_after=writes[-1])
    assert run.code == -signal.SIGKILL, run.text
    plan = project.deployer("plan", "--detailed-exitcode")
    assert (plan.code, "smoke-test deployment" in plan.text) == (2, True), plan.text
    assert project.deployer("drift").code == 2
    after = project.deployer("apply")
    assert after.code == (0 if answer == 1 else 1), after.text
    assert answer_of(project) == 1
    if answer == 1:
        project.converged({"blue": 100})
    else:
        assert "the earlier content was put back" in after.text
        assert project.deployer("plan").code == 3


def test_without_the_model_that_served_the_plan_says_that_there_is_no_way_back(project: Project) -> None:
    serves_one(project)
    project.add_model(2)
    project.site.ask("DELETE", f"/models/{project.name}-model/versions/1", ASSETS_API)
    declares(project, 2)
    project.use_model("blue", 2)
    plan = project.deployer("plan")
    assert (plan.code, "[no-way-back]" in plan.text) == (0, True), plan.text
    run = project.deployer("apply")
    assert run.code == 1
    assert "could not be put back" in run.text
    assert project.deployer("drift").code == 3


def test_a_workspace_without_marks_needs_one_apply(project: Project) -> None:
    serves_one(project)
    live = project.site.endpoint(project.name)
    bare = {name: value for name, value in live["tags"].items() if "tested" not in name}
    properties = {key: live["properties"][key] for key in ("authMode", "traffic", "mirrorTraffic")}
    body = {"location": live["location"], "identity": live["identity"], "tags": bare, "properties": properties}
    project.site.ask("PUT", f"/onlineEndpoints/{project.name}", body=body)
    plan = project.deployer("plan", "--detailed-exitcode")
    assert (plan.code, "[never-tested]" in plan.text) == (2, True), plan.text
    run = project.applied()
    assert sum(line.startswith("PUT") for line in run.requests) == 1
    project.converged({"blue": 100})
