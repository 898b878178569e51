"""The pipeline for Azure DevOps: its own commands, from a pull request to the merge and to drift."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from deployer.authoring.pipelines import Platform, pipeline_files
from tests.unit.test_workflow import needs_jq, project, run

__all__ = ["project"]
pytestmark = pytest.mark.slow
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
MARKER = "<!-- deployer plan . local -->"


def steps() -> dict[str, str]:
    """The scripts of the stage of an env, by their names."""
    loaded = yaml.safe_load(pipeline_files(Platform.AZURE, ("local",), "true")["azure-pipelines.yml"])
    plan, apply = loaded["stages"][0]["jobs"]
    found = [*plan["steps"], *apply["strategy"]["runOnce"]["deploy"]["steps"]]
    return {
        step["displayName"]: step.get("bash") or step["inputs"]["inlineScript"]
        for step in found
        if "displayName" in step
    }


@dataclass(slots=True)
class Threads:
    """The threads of a pull request, as Azure DevOps answers them, and what was sent to it."""

    there: list[dict[str, Any]]
    got: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    authorization: set[str] = field(default_factory=set)


@pytest.fixture
def threads() -> Iterator[tuple[str, Threads]]:
    known = Threads(there=[])

    class Answers(BaseHTTPRequestHandler):
        def answer(self) -> None:
            known.authorization.add(self.headers["Authorization"])
            size = int(self.headers.get("Content-Length") or 0)
            if self.command != "GET":
                known.got.append((self.command, self.path, json.loads(self.rfile.read(size))))
            body = json.dumps({"value": known.there}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/org/", known
        server.shutdown()


def exports(address: str) -> str:
    """The variables that the agent sets for every script of a pull request."""
    values = {
        "SYSTEM_COLLECTIONURI": address,
        "SYSTEM_TEAMPROJECT": "team",
        "BUILD_REPOSITORY_ID": "r",
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "12",
        "SYSTEM_ACCESSTOKEN": "not-a-token",
    }
    return "".join(f"export {name}={value}\n" for name, value in values.items())


def thread(number: int, text: str) -> dict[str, Any]:
    return {"id": number, "comments": [{"content": text}]}


@needs_jq
@needs_curl
def test_the_comment_is_written_once_and_then_replaced(project: Path, threads: tuple[str, Threads]) -> None:
    address, known = threads
    (project / "comment.md").write_text(f"{MARKER}\ntext\n")
    known.there = [thread(1, "hello"), {"id": 2, "comments": [{}]}, thread(3, f"not first\n{MARKER}")]
    assert run(project, exports(address) + steps()["Comment"]).returncode == 0
    known.there += [thread(4, f"{MARKER}\nold")]
    assert run(project, exports(address) + steps()["Comment"]).returncode == 0
    base = "/org/team/_apis/git/repositories/r/pullRequests/12/threads"
    assert known.got == [
        ("POST", f"{base}?api-version=7.1", {"status": "active", "comments": [{"content": f"{MARKER}\ntext\n"}]}),
        ("PATCH", f"{base}/4/comments/1?api-version=7.1", {"content": f"{MARKER}\ntext\n"}),
    ]
    assert known.authorization == {"Bearer not-a-token"}


@needs_jq
@needs_curl
def test_without_a_plan_nothing_is_commented(project: Path, threads: tuple[str, Threads]) -> None:
    assert run(project, exports(threads[0]) + steps()["Comment"]).returncode == 0
    assert threads[1].got == []


def applied(project: Path) -> subprocess.CompletedProcess[str]:
    """The step that applies, with the agent's own macro for the folder of artifacts filled in."""
    artifacts = project / "artifacts/plan-local"
    artifacts.mkdir(parents=True, exist_ok=True)
    shutil.copy(project / "plan.json", artifacts)
    return run(project, steps()["Apply"].replace("$(Pipeline.Workspace)", str(project / "artifacts")))


def test_from_a_pull_request_to_the_merge_and_to_drift(project: Path) -> None:
    planned = run(project, steps()["Plan"])
    assert planned.returncode == 0, planned.stderr
    assert f"##vso[task.uploadsummary]{project}/comment.md" in planned.stdout
    assert (project / "comment.md").read_text().startswith(MARKER)
    done = applied(project)
    assert done.returncode == 0, done.stderr
    assert run(project, steps()["Drift"]).returncode == 0
    env = project / "specs/env/local.yml"
    env.write_text(env.read_text().replace("instances: 1", "instances: 2"))
    drifted = run(project, steps()["Drift"])
    assert drifted.returncode == 2
    assert "instance_count" in (project / "drift.md").read_text()
    (project / "artifacts/plan-local/plan.json").unlink()
    stale = run(project, steps()["Apply"].replace("$(Pipeline.Workspace)", str(project / "artifacts")))
    assert stale.returncode == 64


def test_a_plan_that_is_stale_is_refused(project: Path) -> None:
    assert run(project, steps()["Plan"]).returncode == 0
    env = project / "specs/env/local.yml"
    env.write_text(env.read_text().replace("instances: 1", "instances: 2"))
    stale = applied(project)
    assert stale.returncode == 3
    assert "the saved plan is stale" in stale.stderr


def test_a_spec_that_is_wrong_fails_with_the_reason_as_the_comment(project: Path) -> None:
    spec = project / "specs/deployment-blue.yml"
    spec.write_text(f"{spec.read_text()}\ninstance_cuont: 2\n")
    planned = run(project, steps()["Plan"])
    assert planned.returncode == 1
    assert "instance_cuont" in (project / "comment.md").read_text()
