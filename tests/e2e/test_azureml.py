"""The port to a workspace against the local workspace, through the unmodified SDK and Microsoft's inference server."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployer.azureml import connect
from deployer.azureml.references import workspace_path
from deployer.errors import NotFound, SignInFailed, Unreachable, WorkspaceError
from deployer.plan import Action, Step
from deployer.resources import Kind, Ref, Resource, State, Status, deployment_ref, endpoint_ref, traffic_ref
from deployer.workspace import Coordinates, LocalServer, Wanted, Workspace
from tests.unit.azureml import fields

CONDA = {"name": "serving", "dependencies": ["python=3.11", {"pip": ["azureml-inference-server-http"]}]}
GOOD = "def init():\n    pass\n\n\ndef run(data):\n    return len(data)\n"
BAD = "def init():\n    raise RuntimeError('no weights here')\n\n\ndef run(data):\n    return 0\n"


def local_workspace(root: Path, *arguments: str) -> Any:
    """Run a command of the local workspace, as a user would; gives back its JSON, or its text."""
    command = [sys.executable, "-m", "deployer.local_workspace", arguments[0], "--root", str(root), *arguments[1:]]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("azureml-server")
    local_workspace(root, "up")
    yield root
    local_workspace(root, "down")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("azureml-project")
    for name, script in (("good", GOOD), ("bad", BAD)):
        (root / name).mkdir()
        (root / name / "score.py").write_text(script)
    (root / "model").mkdir()
    (root / "model" / "weights.txt").write_text("1 2 3")
    return root


@pytest.fixture(scope="module")
def site(server: Path) -> tuple[Coordinates, LocalServer]:
    found = json.loads((server / "connection.json").read_text())
    where = found["workspace"]
    return (
        Coordinates(
            subscription_id=where["subscription_id"], resource_group=where["resource_group"], name=where["name"]
        ),
        LocalServer(
            api=found["api"],
            page=found["page"],
            ca_file=Path(found["ca_file"]),
            token_file=Path(found["token_file"]),
            location=found["location"],
        ),
    )


@pytest.fixture(scope="module")
def workspace(site: tuple[Coordinates, LocalServer], project: Path) -> Workspace:
    return connect(site[0], project="demo", root=project, local=site[1])


@pytest.fixture(scope="module")
def assets(workspace: Workspace, project: Path) -> tuple[Resource, Resource]:
    """A model and an environment that deployments can name."""
    model = replace(fields.model(path=model_hash(project / "model")), sources={"path": "model"})
    environment = fields.environment(conda_file=CONDA)
    for item in (model, environment):
        create(workspace, item)
    return model, environment


def model_hash(folder: Path) -> str:
    from azure.ai.ml._utils._asset_utils import get_ignore_file, get_object_hash

    return f"sha256:{get_object_hash(folder, get_ignore_file(folder))}"


def code_hash(folder: Path) -> str:
    from azure.ai.ml._utils._asset_utils import get_content_hash, get_ignore_file

    return f"sha256:{get_content_hash(folder, get_ignore_file(folder))}"


def create(workspace: Workspace, item: Resource) -> None:
    workspace.execute(Step(action=Action.CREATE, ref=item.ref, after=item))


def update(workspace: Workspace, item: Resource) -> None:
    workspace.execute(Step(action=Action.UPDATE, ref=item.ref, after=item))


def delete(workspace: Workspace, ref: Ref) -> None:
    workspace.execute(Step(action=Action.DELETE, ref=ref))


def endpoint(name: str, **changed: Any) -> Resource:
    return replace(fields.endpoint(**changed), ref=endpoint_ref(name))


def deployment(name: str, on: str, project: Path, code: str = "good", **changed: Any) -> Resource:
    content = {"code": code_hash(project / code), "scoring_script": "score.py"}
    made = fields.deployment(code_configuration=content, **changed)
    return replace(made, ref=deployment_ref(on, name), sources={"code_configuration.code": code})


def traffic(name: str, split: Mapping[str, int], status: Status | None = None) -> Resource:
    maps: Any = {"traffic": split, "mirror_traffic": {}}
    return Resource(ref=traffic_ref(name), fields=maps, status=status)


def requests(server: Path) -> list[tuple[str, str]]:
    """Method and path of every request so far."""
    lines = (server / "requests.jsonl").read_text().splitlines()
    return [(found["method"], found["path"]) for found in map(json.loads, lines)]


def same(workspace: Workspace, item: Resource) -> bool:
    return workspace.read(item.ref) == item


def test_what_is_written_is_what_is_observed(
    workspace: Workspace, assets: tuple[Resource, Resource], project: Path, server: Path
) -> None:
    made = endpoint("round", tags={"team": "a"}, description="Größe")
    settings = {"request_timeout_ms": 1500, "max_concurrent_requests_per_instance": 2, "max_queue_wait_ms": 700}
    blue = deployment(
        "blue", "round", project, request_settings=settings, environment_variables={"A": "1"}, model_mount_path="/m"
    )
    split = traffic("round", {"blue": 100})
    for item in (made, blue, split):
        create(workspace, item)
    before = len(requests(server))
    seen = observe_all(workspace, "round", *assets)
    read = requests(server)[before:]
    assert [method for method, _ in read] == ["GET"] * 5, "an endpoint, its deployments, two assets, one label"
    assert {ref: dict(item.fields) for ref, item in seen.resources.items()} == {
        item.ref: dict(item.fields) for item in (*assets, made, blue, split)
    }
    assert seen.labels == {"azureml:digits@latest": "azureml:digits:1"}
    assert all(workspace.read(item.ref) == item for item in (*assets, made, blue, split))
    answer = workspace.score("round", b'{"data": 1}', deployment="blue")
    assert (answer.status, answer.body, answer.deployment) == (200, b"11", "blue")
    assert "POST /score" in workspace.logs(blue.ref, "inference-server", 5)


def observe_all(workspace: Workspace, name: str, *assets: Resource) -> State:
    label = Ref(kind=Kind.MODEL, name="azureml:digits@latest")
    refs = frozenset(item.ref for item in assets)
    return workspace.observe(Wanted(endpoints=frozenset({name}), assets=refs, labels=frozenset({label})))


def test_a_change_of_an_endpoint_keeps_its_traffic_and_a_change_of_traffic_keeps_the_endpoint(
    workspace: Workspace, assets: tuple[Resource, Resource], project: Path, server: Path
) -> None:
    before = len(requests(server))
    made = endpoint("kept", tags={"team": "a"}, properties={"extra": "1"})
    create(workspace, made)
    blue, green = (deployment(name, "kept", project) for name in ("blue", "green"))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda item: create(workspace, item), (blue, green)))
    uploads = [path for method, path in requests(server)[before:] if method == "PUT" and "/codes/" in path]
    assert len(uploads) <= 1, "the same code was uploaded twice"
    update(workspace, traffic("kept", {"blue": 100}))
    changed = endpoint("kept", tags={"team": "b"}, description="new", properties={"more": "2"})
    update(workspace, changed)
    assert same(workspace, traffic("kept", {"blue": 100}))
    kept = replace(changed, fields={**changed.fields, "properties": {"extra": "1", "more": "2"}})
    assert same(workspace, kept)
    status = Status(previous_split={"blue": 100}, rollout="0123456789abcdef:10")
    update(workspace, traffic("kept", {"blue": 90, "green": 10}, status))
    live = workspace.read(traffic_ref("kept"))
    assert live == traffic("kept", {"blue": 90, "green": 10})
    assert live is not None
    assert live.status is not None
    assert (live.status.previous_split, live.status.rollout) == (status.previous_split, status.rollout)
    assert same(workspace, kept)


def test_a_deployment_that_does_not_come_up_says_why_and_can_be_replaced(
    workspace: Workspace, assets: tuple[Resource, Resource], project: Path
) -> None:
    create(workspace, endpoint("broken"))
    bad = deployment("blue", "broken", project, code="bad")
    with pytest.raises(WorkspaceError) as caught:
        create(workspace, bad)
    assert "no weights here" in caught.value.log_tail
    assert caught.value.hint
    live = workspace.read(bad.ref)
    assert live is not None
    assert live.status is not None
    assert live.status.provisioning_state == "Failed"
    with pytest.raises(WorkspaceError, match="Delete and re-create") as refused:
        update(workspace, bad)
    assert "next plan" in refused.value.hint
    good = deployment("blue", "broken", project)
    workspace.execute(Step(action=Action.REPLACE, ref=good.ref, before=live, after=good))
    assert same(workspace, good)


def test_what_is_deleted_is_gone(workspace: Workspace) -> None:
    create(workspace, endpoint("gone"))
    delete(workspace, endpoint_ref("gone"))
    assert workspace.read(endpoint_ref("gone")) is None
    delete(workspace, endpoint_ref("gone"))
    assert workspace.observe(Wanted(endpoints=frozenset({"gone"}))).resources == {}


def test_endpoints_of_the_project_are_found_by_its_tag(workspace: Workspace) -> None:
    create(workspace, endpoint("mine"))
    found = workspace.observe(Wanted(project="demo"))
    assert "mine" in found.endpoints()
    assert workspace.observe(Wanted(project="another")).endpoints() == ()


@pytest.mark.parametrize("auth_mode", ["key", "aml_token", "aad_token"])
def test_every_way_to_sign_in_at_an_endpoint(
    workspace: Workspace, assets: tuple[Resource, Resource], project: Path, auth_mode: str, server: Path
) -> None:
    name = f"auth-{auth_mode.replace('_', '-')}"
    create(workspace, endpoint(name, auth_mode=auth_mode))
    create(workspace, deployment("blue", name, project))
    assert workspace.score(name, b"{}", deployment="blue").status == 200
    before = len(requests(server))
    assert workspace.score(name, b"{}", deployment="blue").status == 200
    assert requests(server)[before:] == [], "the second request asked for the key again"
    assert workspace.score(name, b"{}").status == 404, "no deployment has traffic"
    local_workspace(server, "fault", "tokens", "--expire")
    assert workspace.score(name, b"{}", deployment="blue").status == 200


def test_what_somebody_else_deployed_is_read_by_content(
    site: tuple[Coordinates, LocalServer], workspace: Workspace, assets: tuple[Resource, Resource], project: Path
) -> None:
    """Without our note of the content, it is found at the code asset."""
    create(workspace, endpoint("foreign"))
    blue = deployment("blue", "foreign", project)
    create(workspace, blue)
    raw = _patched_without_tags(site, "foreign/deployments/blue")
    assert raw["tags"] == {}
    fresh = connect(site[0], project="demo", root=project, local=site[1])
    live = fresh.read(blue.ref)
    assert live == blue
    assert live is not None
    assert live.status is not None
    assert live.status.project == ""


def _patched_without_tags(site: tuple[Coordinates, LocalServer], path: str) -> Any:
    where, local = site
    home = workspace_path(where)
    request = urllib.request.Request(
        f"{local.api}{home}/onlineEndpoints/{path}?api-version=2023-04-01-preview",
        json.dumps({"tags": {}}).encode(),
        {"Authorization": f"Bearer {local.token_file.read_text().strip()}", "Content-Type": "application/json"},
        method="PATCH",
    )
    trusted = ssl.create_default_context(cafile=str(local.ca_file))
    with urllib.request.urlopen(request, context=trusted) as answer:
        return json.load(answer)


def test_content_that_changed_since_it_was_planned_is_not_uploaded(
    workspace: Workspace, assets: tuple[Resource, Resource], project: Path, server: Path
) -> None:
    create(workspace, endpoint("moved"))
    blue = deployment("blue", "moved", project, code="good")
    model = replace(assets[0], ref=Ref(kind=Kind.MODEL, name="moved:1"))
    before = len(requests(server))
    for item, source in ((blue, "code_configuration.code"), (model, "path")):
        with pytest.raises(WorkspaceError, match="not what it was"):
            create(workspace, replace(item, sources={source: "bad"}))
        with pytest.raises(WorkspaceError, match="no nothing any more"):
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
    local_workspace(server, "fault", "add", "--method", "PUT", "--path", "onlineEndpoints/faulty", *fault)
    try:
        update(workspace, endpoint("faulty", description=" ".join(fault)))
    finally:
        local_workspace(server, "fault", "clear")
    assert same(workspace, endpoint("faulty", description=" ".join(fault)))


SCRIPT = """
import os, sys
from pathlib import Path
from deployer.azureml import connect
from deployer.plan import Action, Step
from deployer.workspace import Coordinates, LocalServer, Wanted
from tests.e2e.test_azureml import endpoint

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
    ran = subprocess.run([sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
