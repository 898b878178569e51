"""Managed or Kubernetes: where an endpoint and its deployments run."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, assert_never


class Compute(StrEnum):
    """Azure's own machines, or a Kubernetes cluster that somebody attached to the workspace."""

    MANAGED = "managed"
    KUBERNETES = "kubernetes"

    @property
    def adjective(self) -> str:
        """What an endpoint or a deployment there is called in messages."""
        match self:
            case Compute.MANAGED:
                return "managed"
            case Compute.KUBERNETES:
                return "Kubernetes"
        assert_never(self)


def compute_of(fields: Mapping[str, Any]) -> Compute:
    """Where the endpoint or the deployment with these fields runs, be they those of a spec or canonical ones.

    A deployment says it with `type`, in any letter case; an endpoint by naming the cluster in `compute`.
    """
    on_cluster = bool(fields.get("compute")) or str(fields.get("type")).lower() == Compute.KUBERNETES
    return Compute.KUBERNETES if on_cluster else Compute.MANAGED


def is_kubernetes(fields: Mapping[str, Any]) -> bool:
    """Whether the endpoint or the deployment with these fields runs on Kubernetes."""
    return compute_of(fields) is Compute.KUBERNETES
