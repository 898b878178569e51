"""Environments: the images of deployments, and how to build them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployer.core.resources import Kind, Ref, asset_ref
from deployer.kinds.asset import phase
from deployer.kinds.spec import KindSpec, text


def declared(fields: Mapping[str, Any]) -> Ref:
    """The environment version that a document declares."""
    return asset_ref(Kind.ENVIRONMENT, text(fields, "name"), text(fields, "version"))


ENVIRONMENT = KindSpec(
    noun="an environment",
    ref=declared,
    schema_names=frozenset({"environment"}),
    is_asset=True,
    is_owned=False,
    is_operated=False,
    phase=phase,
)
