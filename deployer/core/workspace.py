"""The port to a workspace: what the reconciler needs of one, and nothing of how Azure says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from deployer.core.plan import Step
from deployer.core.resources import Ref, Resource, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinates:
    """Where a workspace is in Azure."""

    subscription_id: str
    resource_group: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """A local workspace that runs: its API (https), its own CA, its bearer token, and the page to look at (http)."""

    api: str
    page: str
    ca_file: Path
    token_file: Path
    location: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to read: whole endpoints (with deployments and traffic), assets, and labelled references to resolve.

    `codes` are code assets such as "azureml:<name>:<version>" whose content hash is wanted, into `State.labels` too.
    `labels` are references such as "azureml:digits@latest" with the kind of asset they name: Ref(kind, name=reference).
    `project` asks for every endpoint that carries this project's tag as well (the candidates for pruning).
    """

    endpoints: frozenset[str] = frozenset()
    assets: frozenset[Ref] = frozenset()
    labels: frozenset[Ref] = frozenset()
    codes: frozenset[str] = frozenset()
    project: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a deployment answered: HTTP status, body, milliseconds to its last byte, and which deployment it was."""

    status: int
    body: bytes
    milliseconds: float
    deployment: str
    headers: dict[str, str] = field(default_factory=dict)


class Workspace(Protocol):
    """One Azure ML workspace, real or local. Every call may raise WorkspaceError."""

    def observe(self, wanted: Wanted) -> State:
        """What is live, in canonical form; what does not exist is simply missing."""

    def read(self, ref: Ref) -> Resource | None:
        """One resource as it is now, after operations that are under way on it have settled."""

    def execute(self, step: Step) -> None:
        """Write one step and wait for the operation to end; raises with Azure's own reason when it failed."""

    def score(self, endpoint: str, body: bytes, *, deployment: str = "", timeout: float = 200.0) -> Answer:
        """POST a body to the scoring URI; `deployment` names one by header. Raises only when nothing answered."""

    def logs(self, ref: Ref, container: str, tail: int) -> str:
        """The last lines of a deployment's "inference-server" or "storage-initializer" container."""

    def keys(self, endpoint: str) -> tuple[str, str]:
        """The primary and the secondary key of an endpoint with key authentication."""
