"""The port to a workspace against the local workspace, through the unmodified SDK and Microsoft's inference server."""

from __future__ import annotations

import json
import ssl
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from deployer.azureml import connect
from deployer.core.bookkeeping import Bookkeeping
from deployer.core.coordinates import Coordinates, LocalServer
from deployer.core.errors import WorkspaceError
from deployer.core.plan import Action, Step
from deployer.core.references import AssetReference, AssetType
from deployer.core.resources import Resource, State, endpoint_ref, traffic_ref
from deployer.core.workspace import Wanted, Workspace
from tests.build import traffic
from tests.e2e.azureml.site import (
    create,
    delete,
    deployment,
    endpoint,
    local_workspace,
    requests,
    same,
    update,
)


def test_what_is_written_is_what_is_observed(
    workspace: Workspace, assets: tuple[Resource, Resource], project: Path, server: Path
) -> None:
    made = endpoint("round", tags={"team": "a"}, description="Größe")
    settings = {"request_timeout_ms": 1500, "max_concurrent_requests_per_instance": 2, "max_queue_wait_ms": 700}
    blue = deployment(
        "blue", "round", project, request_settings=settings, environment_variables={"A": "1"}, model_mount_path="/m"
    )
    split = traffic("round", mirror={}, blue=100)
    for item in (made, blue, split):
        create(workspace, item)
    before = len(requests(server))
    seen = observe_all(workspace, "round", *assets)
    read = requests(server)[before:]
    assert [method for method, _ in read] == ["GET"] * 5, "an endpoint, its deployments, two assets, one label"
    assert {ref: dict(item.fields) for ref, item in seen.resources.items()} == {
        item.ref: dict(item.fields) for item in (*assets, made, blue, split)
    }
    assert {str(label): str(found) for label, found in seen.references.items()} == {
        "azureml:digits@latest": "azureml:digits:1"
    }
    assert all(workspace.read(item.ref) == item for item in (*assets, made, blue, split))
    answer = workspace.score("round", b'{"data": 1}', deployment="blue")
    assert (answer.status, answer.body, answer.deployment) == (200, b"11", "blue")
    assert "POST /score" in workspace.logs(blue.ref, "inference-server", 5)


def observe_all(workspace: Workspace, name: str, *assets: Resource) -> State:
    label = AssetReference(type=AssetType.MODEL, name="digits", label="latest")
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
    update(workspace, traffic("kept", mirror={}, blue=100))
    changed = endpoint("kept", tags={"team": "b"}, description="new", properties={"extra": "1", "more": "2"})
    update(workspace, changed)
    assert same(workspace, traffic("kept", mirror={}, blue=100))
    assert same(workspace, changed)
    noted = Bookkeeping(previous_split={"blue": 100}, rollout="0123456789abcdef:10")
    update(workspace, traffic("kept", mirror={}, blue=90, green=10), noted)
    live = workspace.read(traffic_ref("kept"))
    assert live == traffic("kept", mirror={}, blue=90, green=10)
    assert live is not None
    assert live.observed is not None
    assert live.seen.bookkeeping == noted
    assert same(workspace, changed)


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
    assert live.observed is not None
    assert live.seen.provisioning_state == "Failed"
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
    assert live.observed is not None
    assert live.seen.owner == ""


def _patched_without_tags(site: tuple[Coordinates, LocalServer], path: str) -> Any:
    where, local = site
    home = where.arm_id
    request = urllib.request.Request(
        f"{local.api}{home}/onlineEndpoints/{path}?api-version=2023-04-01-preview",
        json.dumps({"tags": {}}).encode(),
        {"Authorization": f"Bearer {local.token_file.read_text().strip()}", "Content-Type": "application/json"},
        method="PATCH",
    )
    trusted = ssl.create_default_context(cafile=str(local.ca_file))
    with urllib.request.urlopen(request, context=trusted) as answer:
        return json.load(answer)
