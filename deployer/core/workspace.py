"""The port to a workspace: what plans, applies and commands ask of one, and nothing of how Azure says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from deployer.core.plan import Step
from deployer.core.references import AssetReference
from deployer.core.resources import Ref, Resource, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to read: whole endpoints (with deployments and traffic), assets, and labelled references to resolve.

    `codes` are code assets whose content hash is wanted, into `State.contents`; `labels` are references to resolve to
    a version, into `State.references`.
    `project` asks for every endpoint that carries this project's tag as well (the candidates for pruning).
    """

    endpoints: frozenset[str] = frozenset()
    assets: frozenset[Ref] = frozenset()
    labels: frozenset[AssetReference] = frozenset()
    codes: frozenset[AssetReference] = frozenset()
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
