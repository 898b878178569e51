"""The local workspace that the proofs share, asked directly: what is live, faults, a client that never stops asking."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import urllib3

ENDPOINTS_API, DEPLOYMENTS_API = "2022-02-01-preview", "2023-04-01-preview"


@dataclass(kw_only=True)
class Site:
    """One running local workspace, in the folder `home/.deployer/local`."""

    home: Path
    connection: Mapping[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """Where it keeps its state."""
        return self.home / ".deployer" / "local"

    @cached_property
    def pool(self) -> urllib3.PoolManager:
        """Connections that trust it."""
        return urllib3.PoolManager(ca_certs=str(self.root / "ca.pem"), retries=False, maxsize=8)

    def ask(self, method: str, path: str, version: str = ENDPOINTS_API, body: object = None) -> Any:
        """One request below the workspace; the JSON it was answered with, None for a 404."""
        place = self.connection["workspace"]
        below = (
            f"/subscriptions/{place['subscription_id']}/resourceGroups/{place['resource_group']}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{place['name']}{path}?api-version={version}"
        )
        token = (self.root / "token").read_text()
        return self._send(method, below, {"Authorization": f"Bearer {token}"}, body)

    def beside(self, method: str, name: str, version: str, body: object = None) -> Any:
        """One request about an autoscale setting, or the list of all: they stand beside the workspace in its group."""
        place = self.connection["workspace"]
        group = f"/subscriptions/{place['subscription_id']}/resourceGroups/{place['resource_group']}"
        path = (
            f"{group}/providers/Microsoft.Insights/autoscaleSettings{'/' if name else ''}{name}?api-version={version}"
        )
        return self._send(method, path, {"Authorization": f"Bearer {(self.root / 'token').read_text()}"}, body)

    def admin(self, method: str, what: str, body: object = None) -> Any:
        """One request of the admin routes."""
        return self._send(method, f"/admin/{what}", {"x-local-admin-key": (self.root / "admin-key").read_text()}, body)

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: object) -> Any:
        content = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"}
        answer = self.pool.request(method, self.connection["api"] + path, body=content, headers={**headers, **kind})
        assert answer.status < 300 or answer.status == 404, answer.data
        return json.loads(answer.data) if answer.data and answer.status != 404 else None

    @contextmanager
    def fault(self, **members: object) -> Iterator[None]:
        """A fault that is there for the block; it is not asked whether it was met."""
        self.admin("POST", "faults", members)
        try:
            yield
        finally:
            self.admin("DELETE", "faults")

    def faults_left(self) -> list[Any]:
        """The faults that still wait for a request."""
        return list(self.admin("GET", "faults"))

    def endpoint(self, name: str) -> Any:
        """The JSON of an endpoint; None where there is none."""
        return self.ask("GET", f"/onlineEndpoints/{name}")

    def deployments(self, endpoint: str) -> dict[str, Any]:
        """The JSON of each deployment of an endpoint, by name."""
        found = self.ask("GET", f"/onlineEndpoints/{endpoint}/deployments", DEPLOYMENTS_API) or {"value": []}
        return {item["name"]: item["properties"] for item in found["value"]}

    def key(self, endpoint: str) -> str:
        """The primary key of an endpoint."""
        return str(self.ask("POST", f"/onlineEndpoints/{endpoint}/listKeys")["primaryKey"])

    def answer(self, endpoint: str) -> Any:
        """The JSON that an endpoint answers with."""
        return self._send("POST", f"/inference/{endpoint}/score", {"Authorization": f"Bearer {self.key(endpoint)}"}, {})

    def score(self, endpoint: str, key: str) -> tuple[int, str]:
        """The status and the deployment that answered, or why nothing did."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        try:
            answer = self.pool.request(
                "POST", f"{self.connection['api']}/inference/{endpoint}/score", body=b"{}", headers=headers, timeout=120
            )
        except urllib3.exceptions.HTTPError as error:
            return 0, str(error)
        return answer.status, answer.headers.get("azureml-model-deployment", "")

    @contextmanager
    def load(self, endpoint: str, *, pause: float = 0.01) -> Iterator[Counter[tuple[int, str]]]:
        """Score without a stop during the block; counts the answers by status and deployment."""
        seen: Counter[tuple[int, str]] = Counter()
        over, key = threading.Event(), self.key(endpoint)

        def ask() -> None:
            while not over.wait(pause):
                seen[self.score(endpoint, key)] += 1

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            yield seen
        finally:
            over.set()
            asking.join()
