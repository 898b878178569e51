"""What goes wrong while reading and writing: said plainly, waited out, or prevented."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deployer.applying.step import carry_out
from deployer.azureml import connect
from deployer.core.coordinates import Coordinates, LocalServer
from deployer.core.errors import NotFound, SignInFailed, Unreachable, WorkspaceError
from deployer.core.plan import Action, Step
from deployer.core.resources import Kind, Ref, Resource
from deployer.core.workspace import Wanted, Workspace
from tests.e2e.azureml.site import (
    create,
    deployment,
    endpoint,
    local_workspace,
    model_hash,
    patient,
    requests,
    same,
)


def test_content_that_changed_since_it_was_planned_is_not_uploaded(
    workspace: Workspace, assets: tuple[Resource, Resource], project: Path, server: Path
) -> None:
    create(workspace, endpoint("moved"))
    blue = deployment("blue", "moved", project, code="good")
    model = replace(assets[0], ref=Ref(kind=Kind.MODEL, name="moved:1"))
    before = len(requests(server))
    for item, source in ((blue, ("code_configuration", "code")), (model, ("path",))):
        with pytest.raises(WorkspaceError, match="has changed since"):
            create(workspace, replace(item, sources={source: "bad"}))
        with pytest.raises(WorkspaceError, match="nothing no longer exists"):
            create(workspace, replace(item, sources={source: "nothing"}))
    assert {method for method, _ in requests(server)[before:]} == {"GET"}


def test_errors_say_what_to_do(site: tuple[Coordinates, LocalServer], project: Path, tmp_path: Path) -> None:
    where, local = site
    elsewhere = connect(replace(where, name="nowhere"), project="demo", root=project, local=local)
    with pytest.raises(NotFound) as wrong_place:
        elsewhere.observe(Wanted(project="demo"))
    assert "env file" in wrong_place.value.hint
    (tmp_path / "token").write_text("wrong")
    stranger = connect(where, project="demo", root=project, local=replace(local, token_file=tmp_path / "token"))
    with pytest.raises(SignInFailed):
        stranger.observe(Wanted(project="demo"))
    with pytest.raises(SignInFailed):
        create(stranger, endpoint("stranger"))
    (tmp_path / "token").write_text(local.token_file.read_text())
    create(stranger, endpoint("stranger"))
    assert same(stranger, endpoint("stranger"))
    closed = connect(where, project="demo", root=project, local=replace(local, api="https://127.0.0.1:9"))
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        closed.observe(Wanted(project="demo"))


FAULTS = (
    ("--status", "429", "--retry-after", "0", "--count", "6"),
    ("--status", "503", "--count", "6"),
    ("--status", "409", "--code", "Conflict", "--count", "2"),
    ("--reset", "--count", "3"),
    ("--operation", "cancel", "--count", "1"),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(fault[:2]).strip("-"))
def test_what_passes_is_waited_out(workspace: Workspace, server: Path, fault: tuple[str, ...]) -> None:
    create(workspace, endpoint("faulty"))
    before, after = workspace.read(endpoint("faulty").ref), endpoint("faulty", description=" ".join(fault))
    local_workspace(server, "fault", "add", "--method", "PUT", "--path", "onlineEndpoints/faulty", *fault)
    try:
        carry_out(Step(action=Action.UPDATE, ref=after.ref, before=before, after=after), patient(workspace))
    finally:
        local_workspace(server, "fault", "clear")
    assert same(workspace, after)


SCRIPT = """
import os, sys
from pathlib import Path
from deployer.azureml import connect
from deployer.core.plan import Action, Step
from deployer.core.coordinates import Coordinates, LocalServer
from deployer.core.workspace import Wanted
from tests.e2e.azureml.site import endpoint

where = Coordinates(subscription_id=sys.argv[1], resource_group="local", name="local")
local = LocalServer(api=sys.argv[2], page="", ca_file=Path(sys.argv[3]), token_file=Path(sys.argv[4]))
before = dict(os.environ)
workspace = connect(where, project="demo", root=Path(), local=local)
workspace.observe(Wanted(endpoints=frozenset({"silent"}), project="demo"))
assert "azure.ai.ml" not in sys.modules, "reading imported the SDK"
made = endpoint("silent")
workspace.execute(Step(action=Action.CREATE, ref=made.ref, after=made))
assert workspace.read(made.ref) == made
assert dict(os.environ) == before, "the environment of the process was changed"
assert "azure.ai.ml" in sys.modules
"""


def test_reading_needs_no_sdk_and_writing_is_silent(
    site: tuple[Coordinates, LocalServer], workspace: Workspace
) -> None:
    where, local = site
    arguments = [where.subscription_id, local.api, str(local.ca_file), str(local.token_file)]
    ran = subprocess.run([sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, timeout=600)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


AT_ONCE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from dataclasses import replace
from deployer.azureml import connect
from deployer.core.plan import Action, Step
from deployer.core.resources import Kind, asset_ref
from deployer.core.coordinates import Coordinates, LocalServer
from tests.unit.azureml import fields

where = Coordinates(subscription_id=sys.argv[1], resource_group="local", name="local")
local = LocalServer(api=sys.argv[2], page="", ca_file=Path(sys.argv[3]), token_file=Path(sys.argv[4]))
workspace = connect(where, project="demo", root=Path(sys.argv[5]), local=local)
model = replace(fields.model(path=sys.argv[6]), ref=asset_ref(Kind.MODEL, "raced", "1"), sources={("path",): "model"})
environment = replace(fields.environment(), ref=asset_ref(Kind.ENVIRONMENT, "raced", "1"))
steps = [Step(action=Action.CREATE, ref=item.ref, after=item) for item in (model, environment)]
with ThreadPoolExecutor() as pool:
    list(pool.map(workspace.execute, steps))
"""


def test_the_first_writes_may_come_from_several_threads(site: tuple[Coordinates, LocalServer], project: Path) -> None:
    """The SDK cannot be imported by two threads at once: its packages import each other in circles.

    Nor can it where AZUREML_CURRENT_CLOUD names a cloud it does not know, as a process it runs in leaves behind.
    """
    where, local = site
    content = model_hash(project / "model")
    arguments = [where.subscription_id, local.api, str(local.ca_file), str(local.token_file), str(project), content]
    inherited = {**os.environ, "AZUREML_CURRENT_CLOUD": "local-1"}
    ran = subprocess.run(
        [sys.executable, "-c", AT_ONCE, *arguments], capture_output=True, text=True, timeout=600, env=inherited
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
