"""Online endpoints, managed or on Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from deployer.core.action import Action
from deployer.core.resources import Ref, endpoint_ref
from deployer.kinds.phases import Phase
from deployer.kinds.spec import Fields, KindSpec, text

MAX_DEPLOYMENTS = 20
"""Maximum deployments of one endpoint: https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas"""


def declared(fields: Mapping[str, Any]) -> Ref:
    """The endpoint that a document declares."""
    return endpoint_ref(text(fields, "name"))


def phase(action: Action) -> Phase | None:
    """An endpoint is written before its deployments, and deleted after them."""
    match action:
        case Action.CREATE | Action.UPDATE | Action.REPLACE:
            return Phase.ENDPOINT
        case Action.DELETE:
            return Phase.DELETES_OF_ENDPOINTS
        case Action.TEST:
            return None
    assert_never(action)


def spelled(fields: Fields) -> Fields:
    """User-assigned identities as a sorted list of ids in lower case."""
    identity = fields.get("identity")
    if not isinstance(identity, dict):
        return fields
    entries = identity.get("user_assigned_identities") or []
    ids = sorted(str(entry.get("resource_id", "")).lower() for entry in entries if isinstance(entry, dict))
    return {**fields, "identity": {**identity, "user_assigned_identities": ids}}


ENDPOINT = KindSpec(
    noun="an endpoint",
    ref=declared,
    schema_names=frozenset({"endpoint", "onlineendpoint", "managedonlineendpoint", "kubernetesonlineendpoint"}),
    enums=(("auth_mode",), ("public_network_access",), ("identity", "type")),
    spelled=spelled,
    is_asset=False,
    is_owned=True,
    is_operated=True,
    phase=phase,
)
