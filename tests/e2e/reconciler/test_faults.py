"""Everything that goes wrong at a workspace, at every kind of write: converged, or refused in a clear sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.e2e.reconciler.project import Project, Run

pytestmark = pytest.mark.xdist_group("reconciler-faults")
NewProject = Callable[[], Project]
Members = Mapping[str, object]


def create(project: Project) -> None:
    project.declare({"blue": "1"}, blue=100)


def blue_serves(project: Project) -> None:
    create(project)
    project.applied()


def green_beside_it(project: Project) -> None:
    project.declare({"blue": "1", "green": "2"}, blue=100)


def both_serve(project: Project) -> None:
    green_beside_it(project)
    project.applied()


@dataclass(frozen=True, kw_only=True)
class Write:
    """A kind of write: how it comes to it, the request it is, and whether an operation follows."""

    change: Callable[[Project], None]
    path: str
    before: Callable[[Project], None] | None = None
    method: str = "PUT"
    operation: bool = True
    end: str = "blue"
    arguments: tuple[str, ...] = ()


WRITES = {
    "model": Write(change=create, path="/models/{}-model/versions/1$", operation=False),
    "environment": Write(change=create, path="/environments/{}-env/versions/1$", operation=False),
    "upload": Write(change=create, path="/store.blob.local/", operation=False),
    "endpoint-create": Write(change=create, path="/onlineEndpoints/{}$"),
    "deployment-create": Write(
        before=blue_serves, change=green_beside_it, path="/onlineEndpoints/{}/deployments/green$"
    ),
    "deployment-update": Write(
        before=blue_serves,
        change=lambda project: project.declare({"blue": "2"}, blue=100),
        path="/onlineEndpoints/{}/deployments/blue$",
    ),
    "traffic": Write(
        before=both_serve,
        change=lambda project: project.declare({"blue": "1", "green": "2"}, green=100),
        path="/onlineEndpoints/{}$",
        end="green",
    ),
    "delete": Write(
        before=both_serve,
        change=create,
        path="/onlineEndpoints/{}/deployments/green$",
        method="DELETE",
        arguments=("--prune",),
    ),
}

FAULTS: Mapping[str, Members] = {
    "throttled": {"status": 429, "retry_after": 1, "count": 2},
    "500": {"status": 500, "count": 3},
    "500-for-ever": {"status": 500},
    "503": {"status": 503, "count": 3},
    "reset": {"reset": True, "count": 3},
    "reset-for-ever": {"reset": True},
    "time-out": {"delay_ms": 3_000, "count": 1},
    "expired-token": {"status": 401, "count": 1},
    "forbidden": {"status": 403},
    "busy": {"status": 409, "count": 3, "message": "Another operation is in progress on this endpoint."},
    "busy-for-ever": {"status": 409, "message": "Another operation is in progress on this endpoint."},
    "stale-reads": {"method": "GET", "stale": True, "count": 4},
    "operation-failed": {"operation": "fail", "count": 1, "code": "InternalServerError"},
    "operation-canceled": {"operation": "cancel", "count": 1},
    "operation-hangs": {"operation": "hang", "count": 1},
}
SHORT = (
    ("model", "expired-token"),
    ("endpoint-create", "throttled"),
    ("deployment-create", "operation-failed"),
    ("deployment-update", "503"),
    ("traffic", "reset"),
    ("delete", "operation-canceled"),
)
ALL = [
    (write, fault)
    for write in WRITES
    for fault, members in FAULTS.items()
    if WRITES[write].operation or not ("operation" in members or "busy" in fault)
    if (write, fault) != ("upload", "stale-reads")  # nothing of an upload is read
]


@contextmanager
def watched(project: Project, serves: bool) -> Iterator[None]:
    """Nobody may be without an answer meanwhile."""
    if not serves:
        yield
        return
    with project.site.load(project.name) as seen:
        yield
    only_answers(seen)


def only_answers(seen: Counter[tuple[int, str]]) -> None:
    assert seen, "nothing was asked"
    assert {status for status, _ in seen} == {200}, seen


def is_clean(run: Run) -> None:
    """Applied, or a refusal in words: no traceback, and one sentence per failed step."""
    ours = "\n".join(line for line in run.text.splitlines() if "│" not in line)
    assert "Traceback" not in ours, run.text
    assert run.code in (0, 1, 3), run.text
    if run.code:
        assert re.search(r"(error|failed|refused)", run.text, re.IGNORECASE), run.text


def survives(project: Project, write: Write, members: Members) -> None:
    if write.before:
        write.before(project)
    write.change(project)
    path = write.path.format(project.name)
    with watched(project, write.before is not None):
        with project.site.fault(**{"method": write.method, "path": path, **members}):
            run = project.deployer("apply", *write.arguments, hurry=True)
            unmet = [fault for fault in project.site.faults_left() if fault["count"] == members.get("count", -1)]
        is_clean(run)
        assert not unmet, f"the fault met no request\n{run.text}"
        again = project.deployer("apply", *write.arguments)
        assert again.code == 0, f"{run.text}\n--- again ---\n{again.text}"
    project.converged({write.end: 100}, *write.arguments)


@pytest.mark.parametrize(("write", "fault"), SHORT)
def test_a_fault_at_a_write_ends_converged_or_refused(write: str, fault: str, project: Project) -> None:
    survives(project, WRITES[write], FAULTS[fault])


@pytest.mark.long
@pytest.mark.parametrize(("write", "fault"), ALL)
def test_every_fault_at_every_kind_of_write(write: str, fault: str, project: Project) -> None:
    survives(project, WRITES[write], FAULTS[fault])


@pytest.mark.long
@pytest.mark.parametrize("write", ["deployment-create", "deployment-update"])
def test_a_quota_that_is_used_up_is_a_refusal_that_says_so(write: str, project: Project) -> None:
    kind = WRITES[write]
    if kind.before:
        kind.before(project)
    kind.change(project)
    with watched(project, serves=True):
        project.site.admin("PUT", "quota", {"standardDSv2Family": 0})
        run = project.deployer("apply", hurry=True)
        project.site.admin("DELETE", "faults")
        is_clean(run)
        assert run.code == 0 or "quota" in run.text, run.text
        project.applied()
    project.converged({"blue": 100})
