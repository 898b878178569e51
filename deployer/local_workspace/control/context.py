"""The parts of one running local workspace, handed to every request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from deployer.local_workspace.control.request import Call, Reply
from deployer.local_workspace.control.state.faults import Faults
from deployer.local_workspace.control.state.live_routes import LiveRoutes
from deployer.local_workspace.control.state.processors import Processors
from deployer.local_workspace.control.state.request_log import RequestLog
from deployer.local_workspace.control.state.tasks import Tasks
from deployer.local_workspace.control.state.tokens import EndpointTokens
from deployer.local_workspace.files.paths import Home
from deployer.local_workspace.ports import Meters, Serving
from deployer.local_workspace.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerContext:
    """Everything that the handler of a request may need."""

    home: Home
    base: str
    """Where the API answers: `https://127.0.0.1:PORT`."""
    workspace_id: str
    store: Store
    serving: Serving
    meters: Meters
    routes: LiveRoutes
    tokens: EndpointTokens
    faults: Faults
    tasks: Tasks
    log: RequestLog
    realistic: float
    """The share of Azure's own durations that operations take: 0 for none, 1 for all."""
    processors: Processors = field(default_factory=Processors)
    warming: set[str] = field(default_factory=set)
    """Keys of the deployments that are being restarted after a restart of the server."""

    @property
    def blobs(self) -> Path:
        """The folder with the containers."""
        return self.home.blobs


Handler = Callable[[ServerContext, Call], Awaitable[Reply]]
