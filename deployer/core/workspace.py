"""The port to a workspace: everything that pipeline, apply and commands need, independent of Azure's API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from deployer.core.health import Condition
from deployer.core.metrics import Measured, Span
from deployer.core.plan import Step
from deployer.core.references import AssetReference
from deployer.core.resources import Ref, Resource, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to read: endpoints (with deployments and traffic), assets, labels and code assets.

    `labels` are references to resolve to versions, in `State.references`; `drafts` the same, with what is in these
    versions and with `State.next_versions`; `codes` are code assets whose content is needed, in `State.contents`.
    `project` adds every endpoint with this project's tag (the candidates for pruning), `everything` all of them.
    `autoscale` adds the autoscale settings of their deployments; those of endpoints that had some are read in any case.
    """

    endpoints: frozenset[str] = frozenset()
    assets: frozenset[Ref] = frozenset()
    labels: frozenset[AssetReference] = frozenset()
    drafts: frozenset[AssetReference] = frozenset()
    codes: frozenset[AssetReference] = frozenset()
    project: str = ""
    everything: bool = False
    autoscale: bool = False


KeyName = Literal["primary", "secondary"]
"""One of the two keys of an endpoint with key authentication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer of a deployment: HTTP status, body, milliseconds to the last byte, name of the deployment, headers."""

    status: int
    body: bytes
    milliseconds: float
    deployment: str
    headers: dict[str, str] = field(default_factory=dict)


class Workspace(Protocol):
    """One Azure ML workspace, real or local. Every call may raise WorkspaceError."""

    def observe(self, wanted: Wanted) -> State:
        """The live state in canonical form, without resources that do not exist."""

    def read(self, ref: Ref) -> Resource | None:
        """One live resource, after waiting for operations on it to end."""

    def upload(self, step: Step) -> bool:
        """Upload the files that a step refers to, ahead of `execute`; returns whether that could have taken time."""

    def execute(self, step: Step) -> None:
        """Write one step and wait for the operation to end; raises with Azure's own reason if it fails."""

    def score(
        self,
        endpoint: str,
        body: bytes,
        *,
        deployment: str = "",
        headers: Mapping[str, str] = {},
        timeout: float = 200.0,
    ) -> Answer:
        """POST a body to the scoring URI, or to one `deployment` by header; any HTTP status is returned, not raised.

        `headers` come on top of our own; without them the body is JSON.
        """

    def openapi(self, endpoint: str, *, deployment: str = "") -> Answer:
        """GET the OpenAPI document of what a deployment takes and gives; any HTTP status is returned, not raised."""

    def measured(self, endpoint: str, span: Span) -> Measured:
        """What customers' requests to each deployment of an endpoint were answered, and how fast, grain by grain."""

    def logs(self, ref: Ref, container: str, tail: int) -> str:
        """The last lines of a deployment's "inference-server" or "storage-initializer" container."""

    def keys(self, endpoint: str) -> tuple[str, str]:
        """The primary and the secondary key of an endpoint with key authentication."""

    def conditions(self) -> Iterator[Condition]:
        """What work on this workspace needs, and how that stands, as it is looked at; raises nothing."""

    def rotate_key(self, endpoint: str, which: KeyName) -> None:
        """Make a new key in the place of one of the two, and wait until the old one is no longer valid."""

    def bearer(self, endpoint: str) -> str:
        """What a caller of an endpoint shows: its primary key, or a token, by its authentication mode."""
