"""Managed by Azure, or on a Kubernetes cluster: decided here and nowhere else on this side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def on_kubernetes(fields: Mapping[str, Any]) -> bool:
    """Whether an endpoint (by its `compute`) or a deployment (by its `type`) runs on an attached cluster."""
    return bool(fields.get("compute")) or fields.get("type") == "kubernetes"
