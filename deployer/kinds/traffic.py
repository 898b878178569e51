"""Traffic: the shares of an endpoint's deployments. Declared in the document of the endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from deployer.core.action import Action
from deployer.core.resources import Ref, traffic_ref
from deployer.kinds.phases import Phase
from deployer.kinds.spec import KindSpec, text


def declared(fields: Mapping[str, Any]) -> Ref:
    """The traffic of the endpoint that a document declares."""
    return traffic_ref(text(fields, "name"))


def phase(action: Action) -> Phase | None:
    """Traffic exists as long as its endpoint; it can only be updated."""
    match action:
        case Action.UPDATE:
            return Phase.TRAFFIC
        case Action.CREATE | Action.REPLACE | Action.DELETE | Action.TEST:
            return None
    assert_never(action)


def words(_verb: str, ref: Ref) -> str:
    """ "set traffic of digits"."""
    return f"set traffic of {ref.endpoint}"


TRAFFIC = KindSpec(
    noun="traffic",
    ref=declared,
    is_asset=False,
    is_owned=False,
    is_operated=False,
    phase=phase,
    words=words,
)
