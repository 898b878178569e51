"""Fields as a spec writes them -> fields as they are compared: one spelling for each meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deployer.core.fields import with_defaults
from deployer.core.resources import Kind, Value
from deployer.kinds import KINDS
from deployer.kinds.spelling import respelled

if TYPE_CHECKING:
    from deployer.core.workspace import Coordinates

ARM_ID = re.compile(
    r"(?:azureml:)?/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/"
    r"Microsoft\.MachineLearningServices/workspaces/(?P<workspace>[^/]+)/"
    r"(?:models|environments|codes)/(?P<name>[^/]+)/versions/(?P<version>[^/]+)/?",
    re.IGNORECASE,
)


def canonical(kind: Kind, data: Mapping[str, Any]) -> dict[str, Value]:
    """The fields of a document with defaults filled in and everything in its one spelling."""
    spec = KINDS[kind]
    given = {key: value for key, value in data.items() if value is not None}
    for path in spec.enums:
        given = respelled(given, path)
    fields = with_defaults(kind, spec.spelled(given))
    fields["description"] = fields["description"] or None
    return fields


def reference(text: str, workspace: Coordinates | None) -> str:
    """A reference to a model or an environment in its one spelling.

    `azureml:<name>` alone means @latest; Azure resource ids of this workspace become `azureml:<name>:<version>`.
    """
    match = ARM_ID.fullmatch(text)
    if match and workspace and _is_here(match, workspace):
        return f"azureml:{match['name']}:{match['version']}"
    if match:
        return text.removeprefix("azureml:")
    short = text.removeprefix("azureml:")
    if text.startswith("azureml://") or ":" in short or "@" in short:
        return text
    return f"azureml:{short}@latest"


def _is_here(match: re.Match[str], workspace: Coordinates) -> bool:
    found = (match["subscription"].lower(), match["group"].lower(), match["workspace"].lower())
    return found == (workspace.subscription_id.lower(), workspace.resource_group.lower(), workspace.name.lower())
