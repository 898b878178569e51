"""The unmodified SDK, and plain HTTP, against a local workspace in a process of its own."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

SERVER = Path(__file__).with_name("fake_plane.py")
PROJECT = Path(__file__).resolve().parents[2]
ARM = "providers/Microsoft.MachineLearningServices/workspaces/local"
BASE = f"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/{ARM}"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a plain request got; header names lower case."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(kw_only=True)
class Workspace:
    """A server of its own under a folder of its own."""

    root: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    connection: dict[str, Any] = field(default_factory=dict)

    def start(self) -> Workspace:
        """Start it and wait until it answers."""
        reading, writing = os.pipe()
        command = [sys.executable, str(SERVER), "--root", str(self.root), "--ready-fd", str(writing), *self.options]
        environment = os.environ | {"PYTHONPATH": str(PROJECT)}
        self.process = subprocess.Popen(command, pass_fds=(writing,), env=environment)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            said = json.loads(pipe.readline())
        assert said == {"ready": True}, said
        self.connection = json.loads((self.root / "connection.json").read_text())
        return self

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """End it as `down` does."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(120) == 0

    def ask(self, method: str, path: str, body: object = None, *, token: str | None = None, **headers: str) -> Answer:
        """One request below the workspace, or of the whole path where it begins with `//`; no retries."""
        whole = path[1:] if path.startswith("//") else BASE + path
        if "api-version" not in whole and "/subscriptions" in whole:
            whole += ("&" if "?" in whole else "?") + "api-version=2023-04-01-preview"
        bearer = token if token is not None else (self.root / "token").read_text()
        sent = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"} | headers
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.connection["api"] + whole, content, sent, method=method)
        trusted = ssl.create_default_context(cafile=str(self.root / "ca.pem"))
        try:
            with urllib.request.urlopen(request, context=trusted) as answer:
                return _answer(answer)
        except urllib.error.HTTPError as refused:
            return _answer(refused)

    def admin(self, method: str, path: str, body: object = None) -> Answer:
        """One request of the admin routes."""
        key = {"x-local-admin-key": (self.root / "admin-key").read_text()}
        return self.ask(method, f"//admin/{path}", body, **key)

    def requests(self) -> list[dict[str, Any]]:
        """The log of requests."""
        return [json.loads(line) for line in (self.root / "requests.jsonl").read_text().splitlines()]

    def until(self, path: str, state: str, seconds: float = 120) -> dict[str, Any]:
        """Wait for a provisioning state."""
        end = time.monotonic() + seconds
        while True:
            body = self.ask("GET", path).body
            if body["properties"]["provisioningState"] == state:
                return dict(body)
            assert time.monotonic() < end, body["properties"]["provisioningState"]
            time.sleep(0.01)


def _answer(response: Any) -> Answer:
    content = response.read()
    is_json = "json" in (response.headers.get("Content-Type") or "")
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status, headers=headers, body=json.loads(content) if is_json else content)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A running local workspace that no other test sees."""
    running = Workspace(root=tmp_path / "local").start()
    yield running
    running.end()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A running local workspace for the tests of one module."""
    running = Workspace(root=tmp_path_factory.mktemp("shared") / "local").start()
    yield running
    running.end()


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A token that is already there."""

    token: str

    def get_token(self, *scopes: str, **_: object) -> Any:
        """The token, for a day."""
        from azure.core.credentials import AccessToken

        return AccessToken(self.token, int(time.time()) + 86_400)


def sdk_client(workspace: Workspace) -> Any:
    """The SDK's own client, pointed at a local workspace by its public arguments alone."""
    from azure.ai.ml import MLClient

    base = workspace.connection["api"]
    names = ("azure_portal", "resource_manager", "active_directory", "aml_resource_id", "registry_discovery_endpoint")
    metadata = dict.fromkeys(names, base) | {"storage_endpoint": "local"}
    place = workspace.connection["workspace"]
    return MLClient(
        Credential(token=(workspace.root / "token").read_text()),
        place["subscription_id"],
        place["resource_group"],
        place["name"],
        cloud=f"local-{base.rpartition(':')[2]}",
        cloud_metadata=metadata,
        show_progress=False,
        enable_telemetry=False,
    )


@pytest.fixture(scope="module")
def trust(shared: Workspace) -> Iterator[None]:
    """Let requests trust the certificate, as the SDK's blob clients cannot be told to.

    The SDK leaves AZUREML_CURRENT_CLOUD behind in the process, which other tests must not find.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", str(shared.root / "ca.pem"))
        patch.delenv("AZUREML_CURRENT_CLOUD", raising=False)
        yield
    os.environ.pop("AZUREML_CURRENT_CLOUD", None)


@pytest.fixture(scope="module")
def client(shared: Workspace, trust: None) -> Any:
    """The SDK; on a real workspace where AZURE_ML_SUBSCRIPTION, AZURE_ML_RESOURCE_GROUP, AZURE_ML_WORKSPACE are set."""
    subscription = os.environ.get("AZURE_ML_SUBSCRIPTION")
    if not subscription:
        return sdk_client(shared)
    from azure.ai.ml import MLClient
    from azure.identity import DefaultAzureCredential

    group, name = os.environ["AZURE_ML_RESOURCE_GROUP"], os.environ["AZURE_ML_WORKSPACE"]
    return MLClient(DefaultAzureCredential(), subscription, group, name)


def upload_code(workspace: Workspace) -> str:
    """A code version with a scoring script in it, under a name of its own as the SDK does it; its ARM id."""
    name = str(uuid.uuid4())
    begin = {"pendingUploadType": "TemporaryBlobReference"}
    upload = workspace.ask("POST", f"/codes/{name}/versions/1/startPendingUpload", begin).body
    reference = upload["blobReferenceForConsumption"]
    base, _, query = reference["credential"]["sasUri"].partition("?")
    path = base.removeprefix(workspace.connection["api"])
    assert workspace.ask("PUT", f"/{path}/code/score.py?{query}", b"def run(data): ...").status == 201
    properties = {"codeUri": f"{reference['blobUri']}/code", "properties": {"hash_sha256": name}}
    assert workspace.ask("PUT", f"/codes/{name}/versions/1", {"properties": properties}).status == 201
    return f"{BASE}/codes/{name}/versions/1"


@pytest.fixture
def serving_assets(workspace: Workspace) -> dict[str, Any]:
    """The body of a deployment, whose code, environment and model are there."""
    return deployment_body(workspace)


def deployment_body(workspace: Workspace) -> dict[str, Any]:
    """Register what a deployment needs, and give back its body."""
    code = upload_code(workspace)
    workspace.ask("PUT", "/environments/serving/versions/1", {"properties": {"image": "image"}})
    properties = {
        "codeConfiguration": {"codeId": code, "scoringScript": "score.py"},
        "environmentId": f"{BASE}/environments/serving/versions/1",
        "instanceType": "Standard_DS3_v2",
        "endpointComputeType": "Managed",
    }
    return {"location": "local", "sku": {"name": "Default", "capacity": 1}, "properties": properties}
