"""Compute of an endpoint and its deployments: managed or Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, assert_never


class Compute(StrEnum):
    """Managed by Azure, or on a Kubernetes cluster attached to the workspace."""

    MANAGED = "managed"
    KUBERNETES = "kubernetes"

    @property
    def adjective(self) -> str:
        """The adjective for an endpoint or a deployment on this compute, in messages."""
        match self:
            case Compute.MANAGED:
                return "managed"
            case Compute.KUBERNETES:
                return "Kubernetes"
        assert_never(self)


def compute_of(fields: Mapping[str, Any]) -> Compute:
    """The compute of the endpoint or deployment with these fields, either as written in a spec or canonical.

    A deployment declares it by `type`, in any letter case; an endpoint by the name of a cluster in `compute`.
    """
    on_cluster = bool(fields.get("compute")) or str(fields.get("type")).lower() == Compute.KUBERNETES
    return Compute.KUBERNETES if on_cluster else Compute.MANAGED


def is_kubernetes(fields: Mapping[str, Any]) -> bool:
    """Whether the endpoint or the deployment with these fields runs on Kubernetes."""
    return compute_of(fields) is Compute.KUBERNETES


NOT_EVERYWHERE: Mapping[Compute, tuple[str, ...]] = {
    Compute.KUBERNETES: ("resources",),
    Compute.MANAGED: ("egress_public_network_access", "private_network_connection"),
}
"""The fields that exist on one kind of compute only."""
