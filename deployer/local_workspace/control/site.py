"""The parts of one running local workspace, handed to every request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from deployer.local_workspace.control.request import Call, Reply
from deployer.local_workspace.control.state.faults import Faults
from deployer.local_workspace.control.state.live_routes import LiveRoutes
from deployer.local_workspace.control.state.request_log import RequestLog
from deployer.local_workspace.control.state.tasks import Tasks
from deployer.local_workspace.control.state.tokens import Tokens
from deployer.local_workspace.paths import Home
from deployer.local_workspace.ports import Serving
from deployer.local_workspace.store import Document, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything a request may need."""

    home: Home
    base: str
    """Where the API answers: `https://127.0.0.1:PORT`."""
    workspace_id: str
    store: Store
    serving: Serving
    routes: LiveRoutes
    tokens: Tokens
    faults: Faults
    tasks: Tasks
    log: RequestLog
    realistic: float
    """How much of Azure's own durations operations take: 0 is none, 1 all."""
    warming: set[str] = field(default_factory=set)
    """Keys of deployments that are being brought back after a restart."""

    @property
    def blobs(self) -> Path:
        """The folder with the containers."""
        return self.home.blobs


Answer = Callable[[Site, Call], Awaitable[Reply]]


def now() -> str:
    """This moment as Azure writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def stamped(before: Document | None) -> Document:
    """systemData for a resource written now, of which `before` is what stood there."""
    moment = now()
    created = before["createdAt"] if before else moment
    return {"createdAt": created, "createdBy": "local", "lastModifiedAt": moment}


def asset_stamped(before: Document | None) -> Document:
    """systemData for an asset written now: unlike endpoints, assets say who changed them."""
    moment = now()
    return {
        "createdAt": before["createdAt"] if before else moment,
        "createdBy": "local",
        "createdByType": "User",
        "lastModifiedAt": moment,
        "lastModifiedBy": "local",
        "lastModifiedByType": "User",
    }


def asset_state(version: str) -> dict[str, str]:
    """The provisioning state that assets show since 2023 (https://github.com/Azure/azure-cli-extensions/issues/6662)."""
    return {"provisioningState": "Succeeded"} if version >= "2023" else {}
