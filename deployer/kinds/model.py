"""Models: registered versions of the files that deployments load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployer.core.resources import Kind, Ref, asset_ref
from deployer.kinds.asset import phase
from deployer.kinds.spec import KindSpec, text


def declared(fields: Mapping[str, Any]) -> Ref:
    """The model version that a document declares."""
    return asset_ref(Kind.MODEL, text(fields, "name"), text(fields, "version"))


MODEL = KindSpec(
    noun="a model",
    ref=declared,
    schema_names=frozenset({"model"}),
    enums=(("type",),),
    is_asset=True,
    is_owned=False,
    is_operated=False,
    phase=phase,
)
