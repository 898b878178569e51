"""The total table of kinds: a new kind is one file, and a case here."""

from __future__ import annotations

from typing import Protocol, assert_never

from deployer.azureml.access import Reader, Writer
from deployer.azureml.kinds import autoscale, deployment, endpoint, environment, model, traffic
from deployer.azureml.retry import Patience
from deployer.core.plan import Step
from deployer.core.resources import Kind, Ref, Resource


class AzureKind(Protocol):
    """One kind of resource in Azure; the modules of this package implement it."""

    def read(self, reader: Reader, ref: Ref, patience: Patience, /) -> Resource | None:
        """One resource, after waiting for operations on it to end. Raises Busy if they take too long."""

    def put(self, writer: Writer, step: Step, after: Resource, /) -> None:
        """Create or change the resource of a step, and wait for the operation to end; `after` is that of the step."""

    def delete(self, writer: Writer, step: Step, /) -> None:
        """Delete the resource of a step, and wait until it is gone."""


class AzureAsset(AzureKind, Protocol):
    """A kind whose resources are asset versions."""

    def version(self, reader: Reader, ref: Ref, /) -> Resource | None:
        """One version; None if it does not exist."""

    def latest(self, reader: Reader, name: str, /) -> Resource | None:
        """The newest version; None if there is none."""

    def next_version(self, reader: Reader, name: str, /) -> str:
        """What Azure would call the next version."""


def azure_kind(kind: Kind) -> AzureKind:
    """The module of a kind."""
    match kind:
        case Kind.MODEL | Kind.ENVIRONMENT:
            return azure_asset(kind)
        case Kind.ENDPOINT:
            return endpoint
        case Kind.DEPLOYMENT:
            return deployment
        case Kind.TRAFFIC:
            return traffic
        case Kind.AUTOSCALE:
            return autoscale
        case _:
            assert_never(kind)


def azure_asset(kind: Kind) -> AzureAsset:
    """The module of a kind of asset. Raises ValueError for kinds without versions."""
    match kind:
        case Kind.MODEL:
            return model
        case Kind.ENVIRONMENT:
            return environment
        case Kind.ENDPOINT | Kind.DEPLOYMENT | Kind.TRAFFIC | Kind.AUTOSCALE:
            raise ValueError(f"{kind} has no versions")
        case _:
            assert_never(kind)
