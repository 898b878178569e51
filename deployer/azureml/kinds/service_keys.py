"""Keys that the service and the SDK add to declared maps."""

from __future__ import annotations

import json
import re
from typing import Any

from deployer.azureml.bookkeeping import Notes
from deployer.kinds.deployment import SERVICE_VARIABLES

PRIVATE_NETWORK = "private-network-connection"
"""The property in which the SDK also writes `private_network_connection`."""

SERVICE_PROPERTIES = frozenset(
    {
        "azureml.onlineendpointid",
        "azureml.onlinedeploymentid",
        "azureasyncoperationuri",
        PRIVATE_NETWORK,
        "createdby",
        "createdat",
        "lastmodifiedat",
    }
)
"""Keys that the service or the SDK adds to `properties`, in lower case."""

_OWN_VALUES = (r"/var/azureml-app/azureml-models(/.*)?", r".*", r"/var/azureml-app(/.*)?")
_OWN = dict(zip(SERVICE_VARIABLES, map(re.compile, _OWN_VALUES), strict=True))
"""The patterns of the values that the service gives to its variables."""


def properties(wire: Any) -> dict[str, str]:
    """Properties without those that the service or the SDK adds."""
    kept = {key: value for key, value in (wire or {}).items() if key.lower() not in SERVICE_PROPERTIES}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in kept.items()}


def variables(wire: Any, notes: Notes) -> dict[str, str]:
    """Environment variables without those that the service adds; variables that our tag lists as declared stay."""
    declared = notes.sent.get("variables")
    names = declared if isinstance(declared, list) else []
    return {
        name: "" if value is None else str(value)
        for name, value in (wire or {}).items()
        if name in names or not _is_service_variable(name, str(value))
    }


def _is_service_variable(name: str, value: str) -> bool:
    pattern = _OWN.get(name)
    return pattern is not None and pattern.fullmatch(value) is not None
