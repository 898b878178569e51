"""Which workspace is opened and on whose behalf, and what an apply is given and must not begin with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployer import pipeline, workspaces
from deployer.authoring import EnvFile
from deployer.authoring.desired import Desired
from deployer.commands.console import Console
from deployer.core.coordinates import Coordinates, LocalServer
from deployer.core.errors import Refused, WorkspaceError
from deployer.core.intent import Intent, Origins, SmokeTest
from deployer.core.outcome import Outcome, Result, StepResult
from deployer.core.plan import Action, Finding, Plan, Step
from deployer.core.resources import Kind, Ref, Resource, State, asset_ref, endpoint_ref
from deployer.pipeline import Planned
from tests.build import deployment, endpoint, live, seen
from tests.unit.memory import MemoryWorkspace, Noting, Silent

AZURE = Coordinates(subscription_id="s", resource_group="rg", name="ml")
LOCAL = Coordinates(subscription_id="l", resource_group="local", name="local")


@pytest.mark.parametrize("where", [AZURE, None])
def test_a_workspace_is_opened_for_its_project(
    where: Coordinates | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = LocalServer(api="", page="", ca_file=tmp_path, token_file=tmp_path)
    opened: list[tuple[Coordinates, dict[str, Any]]] = []
    monkeypatch.setattr(workspaces, "connect", lambda place, **rest: opened.append((place, rest)))
    monkeypatch.setattr(workspaces, "start", lambda project, started: (LOCAL, server))
    workspaces.open_workspace(EnvFile(name="dev", project="shop", workspace=where), tmp_path, Console())
    local = {} if where else {"local": server}
    assert opened == [(where or LOCAL, {"project": "shop", "root": tmp_path, **local})]


def planned(project: Path, workspace: MemoryWorkspace, *steps: Step, findings: tuple[Finding, ...] = ()) -> Planned:
    env = EnvFile(name="dev", project="shop", workspace=AZURE)
    plan = Plan(env="dev", project="shop", steps=steps, findings=findings)
    desired = Desired(env=env, state=State(), intent=Intent(), origins=Origins())
    return Planned(project=project, desired=desired, live=workspace.state, plan=plan, workspace=workspace)


NEW = Step(action=Action.CREATE, ref=endpoint().ref, after=endpoint())


@pytest.mark.parametrize(
    ("blockers", "words"),
    [(1, "the plan is refused: 1 finding above must"), (2, "the plan is refused: 2 findings above must")],
)
def test_a_blocked_plan_is_refused_before_anything_is_written(blockers: int, words: str, tmp_path: Path) -> None:
    workspace = MemoryWorkspace()
    findings = (Finding(code="a", summary="a"), *[Finding(code="b", summary="b", blocking=True)] * blockers)
    with pytest.raises(Refused, match=words):
        pipeline.apply(planned(tmp_path, workspace, NEW, findings=findings), watcher=Silent(), pause=workspace.pause)
    assert workspace.executed == []


def test_a_finding_that_does_not_block_stops_nothing(tmp_path: Path) -> None:
    workspace = MemoryWorkspace()
    given = planned(tmp_path, workspace, NEW, findings=(Finding(code="a", summary="a"),))
    assert pipeline.apply(given, watcher=Silent(), pause=workspace.pause).ok
    assert workspace.executed == [NEW]


def test_an_apply_looks_for_a_stop_without_waiting_for_one(tmp_path: Path) -> None:
    workspace, pauses = MemoryWorkspace(), list[float]()

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return False

    pipeline.apply(planned(tmp_path, workspace, NEW), watcher=Silent(), pause=pause)
    assert set(pauses) == {0}
    stopped = pipeline.apply(planned(tmp_path, workspace, NEW), watcher=Silent(), pause=lambda wait: True)
    assert stopped.interrupted


def test_a_smoke_test_sends_the_file_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text("[7]")
    workspace = MemoryWorkspace(state=live(endpoint(), deployment()))
    test = Step(action=Action.TEST, ref=deployment().ref, test=SmokeTest(request="request.json"))
    watcher = Noting()
    assert pipeline.apply(planned(tmp_path, workspace, test), watcher=watcher, pause=workspace.pause).ok
    assert workspace.sent == [("digits", b"[7]")]
    assert watcher.told == ["? deployment digits/blue", "applied deployment digits/blue"]


def test_the_addresses_of_what_was_touched_are_read_after_a_success_alone(tmp_path: Path) -> None:
    reads: list[Ref] = []

    class Known(MemoryWorkspace):
        def read(self, ref: Ref) -> Resource | None:
            reads.append(ref)
            if ref.endpoint == "gone":
                raise WorkspaceError("it is gone")
            return super().read(ref)

    state = live(seen(endpoint(), scoring_uri="https://digits/score"))
    steps = [replace(NEW, ref=endpoint_ref(name)) for name in ("prices", "gone", "digits", "digits")]
    model = Step(action=Action.CREATE, ref=asset_ref(Kind.MODEL, "digits", "1"))
    given = planned(tmp_path, Known(state=state), *steps, model)
    assert pipeline.scoring_uris(given, Outcome()) == {"digits": "https://digits/score"}
    assert reads == [endpoint_ref(name) for name in ("digits", "gone", "prices")]
    failed = Outcome(results=(StepResult(step=NEW, result=Result.FAILED),))
    assert pipeline.scoring_uris(given, failed) == {}
    assert len(reads) == 3


def test_the_files_of_a_plan_are_those_of_what_it_writes(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/score.py").write_text("pass")
    after = replace(deployment(), sources={("code_configuration", "code"): "code"})
    update = Step(action=Action.UPDATE, ref=after.ref, before=deployment(), after=after)
    delete = Step(action=Action.DELETE, ref=after.ref, before=after)
    assert pipeline.uploads(planned(tmp_path, MemoryWorkspace(), update)) == {"code": {"score.py": 4}}
    assert pipeline.uploads(planned(tmp_path, MemoryWorkspace(), delete)) == {}
