"""The table of kinds: what each can do. It is total, so a new kind is one file and one line here."""

from __future__ import annotations

from typing import Protocol, assert_never

from deployer.azureml.access import Reader, Writer
from deployer.azureml.kinds import deployment, endpoint, environment, model, traffic
from deployer.azureml.retry import Patience
from deployer.core.plan import Step
from deployer.core.resources import Kind, Ref, Resource


class AzureKind(Protocol):
    """One kind of resource as Azure has it; the modules of this package are such."""

    def read(self, reader: Reader, ref: Ref, patience: Patience, /) -> Resource | None:
        """One resource once nobody changes it any more. Raises Busy when it never settles."""

    def put(self, writer: Writer, step: Step, after: Resource, /) -> None:
        """Create or change the resource of a step, and wait for the operation to end; `after` is the step's own."""

    def delete(self, writer: Writer, step: Step, /) -> None:
        """Delete the resource of a step, and wait until it is gone."""


class AzureAsset(AzureKind, Protocol):
    """A kind whose resources are versions."""

    def version(self, reader: Reader, ref: Ref, /) -> Resource | None:
        """One version as it is now."""

    def latest(self, reader: Reader, name: str, /) -> str | None:
        """The newest version; None where there is none."""


def azure_kind(kind: Kind) -> AzureKind:
    """What Azure does to a kind."""
    match kind:
        case Kind.MODEL | Kind.ENVIRONMENT:
            return azure_asset(kind)
        case Kind.ENDPOINT:
            return endpoint
        case Kind.DEPLOYMENT:
            return deployment
        case Kind.TRAFFIC:
            return traffic
        case _:
            assert_never(kind)


def azure_asset(kind: Kind) -> AzureAsset:
    """What Azure does to a kind of asset; ValueError for what has no versions."""
    match kind:
        case Kind.MODEL:
            return model
        case Kind.ENVIRONMENT:
            return environment
        case Kind.ENDPOINT | Kind.DEPLOYMENT | Kind.TRAFFIC:
            raise ValueError(f"{kind} has no versions")
        case _:
            assert_never(kind)
