"""Resources to write to a local workspace, and what to ask it about them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from deployer.applying.tools import Tools
from deployer.authoring.answer_schema import unlike
from deployer.core.bookkeeping import Bookkeeping
from deployer.core.plan import Action, Step
from deployer.core.resources import Ref, Resource
from deployer.core.workspace import Workspace
from tests import build
from tests.unit.memory import Silent


def local_workspace(root: Path, *arguments: str) -> str:
    """Run a command of the local workspace, as a user would; gives back what it printed."""
    command = [sys.executable, "-m", "deployer.local_workspace", arguments[0], "--root", str(root), *arguments[1:]]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout


def model_hash(folder: Path) -> str:
    from azure.ai.ml._utils._asset_utils import get_ignore_file, get_object_hash

    return f"sha256:{get_object_hash(folder, get_ignore_file(folder))}"


def code_hash(folder: Path) -> str:
    from azure.ai.ml._utils._asset_utils import get_content_hash, get_ignore_file

    return f"sha256:{get_content_hash(folder, get_ignore_file(folder))}"


def create(workspace: Workspace, item: Resource) -> None:
    workspace.execute(Step(action=Action.CREATE, ref=item.ref, after=item))


def update(workspace: Workspace, item: Resource, noted: Bookkeeping | None = None) -> None:
    workspace.execute(Step(action=Action.UPDATE, ref=item.ref, after=item, bookkeeping=noted))


def delete(workspace: Workspace, ref: Ref) -> None:
    workspace.execute(Step(action=Action.DELETE, ref=ref))


def patient(workspace: Workspace) -> Tools:
    """The dependencies of a step whose user waits for ever."""

    def pause(seconds: float) -> bool:
        time.sleep(seconds)
        return False

    return Tools(
        workspace=workspace,
        body=lambda test: b"",
        unlike=unlike,
        watcher=Silent(),
        now=time.monotonic,
        wall=time.time,
        pause=pause,
        stopping=lambda: False,
    )


def endpoint(name: str, **changed: Any) -> Resource:
    return build.endpoint(name, **changed)


def deployment(name: str, on: str, project: Path, code: str = "good", **changed: Any) -> Resource:
    content = {"code": code_hash(project / code), "scoring_script": "score.py"}
    assets = {"model": "azureml:digits:1", "environment": "azureml:sklearn:3"}
    made = build.deployment(name, on, **{"code_configuration": content, **assets, **changed})
    return replace(made, sources={("code_configuration", "code"): code})


def requests(server: Path) -> list[tuple[str, str]]:
    """Method and path of every request so far."""
    lines = (server / "requests.jsonl").read_text().splitlines()
    return [(found["method"], found["path"]) for found in map(json.loads, lines)]


def same(workspace: Workspace, item: Resource) -> bool:
    return workspace.read(item.ref) == item
