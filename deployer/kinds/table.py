"""KINDS: the table of all kinds of resources, and values derived from it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import assert_never

from deployer.core.fields import schema_name, schema_of
from deployer.core.resources import Kind
from deployer.kinds.autoscale import AUTOSCALE
from deployer.kinds.deployment import DEPLOYMENT
from deployer.kinds.endpoint import ENDPOINT
from deployer.kinds.environment import ENVIRONMENT
from deployer.kinds.model import MODEL
from deployer.kinds.spec import KindSpec
from deployer.kinds.traffic import TRAFFIC


def spec_of(kind: Kind) -> KindSpec:
    """The properties of a kind."""
    match kind:
        case Kind.ENDPOINT:
            return ENDPOINT
        case Kind.DEPLOYMENT:
            return DEPLOYMENT
        case Kind.TRAFFIC:
            return TRAFFIC
        case Kind.MODEL:
            return MODEL
        case Kind.ENVIRONMENT:
            return ENVIRONMENT
        case Kind.AUTOSCALE:
            return AUTOSCALE
    assert_never(kind)


KINDS: Mapping[Kind, KindSpec] = {kind: spec_of(kind) for kind in Kind}

DOCUMENTS: tuple[Kind, ...] = tuple(kind for kind in Kind if KINDS[kind].schema_names)
"""The kinds that have documents of their own."""

ASSETS: tuple[Kind, ...] = tuple(kind for kind in Kind if KINDS[kind].is_asset)

OWNED: tuple[Kind, ...] = tuple(kind for kind in Kind if KINDS[kind].is_owned)
"""The kinds that carry the tag of their project."""

OPERATED: tuple[Kind, ...] = tuple(kind for kind in Kind if KINDS[kind].is_operated)
"""The kinds with a provisioning state of their own."""


@cache
def telling_keys() -> Mapping[Kind, frozenset[str]]:
    """The top-level keys that identify documents of each kind: those in its schema only.

    Read-only keys do not count: YAML of other programs also has keys such as `kind` and `location`.
    """
    written = {kind: _written_keys(kind) for kind in DOCUMENTS}
    return {
        kind: keys.difference(*(others for other, others in written.items() if other is not kind))
        for kind, keys in written.items()
    }


def _written_keys(kind: Kind) -> frozenset[str]:
    properties = schema_of(schema_name(kind))["properties"]
    return frozenset(key for key, node in properties.items() if not node.get("x-read-only"))
