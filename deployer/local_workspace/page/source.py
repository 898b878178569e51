"""What the page shows, read off the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.monitor.autoscale_decision import active_profile
from deployer.local_workspace.control.response_bodies import deployment_body, endpoint_body, endpoint_id
from deployer.local_workspace.identity import PLACE
from deployer.local_workspace.page.app import DeploymentView, EndpointView
from deployer.local_workspace.ports import Container
from deployer.local_workspace.store import Document

_VERSION = "2023-04-01-preview"
_HASH = 64
"""Characters of the names that the SDK and the CLI give to assets without one."""


class StoredPage:
    """`PageSource` over the state of a server."""

    def __init__(self, context: ServerContext) -> None:
        self._context = context

    def workspace(self) -> str:
        """What tells this page from others: the name of the project's folder, where that is known."""
        home = self._context.home.root.resolve()
        return home.parent.parent.name if home.parent.name == ".deployer" else PLACE

    def ca_file(self) -> str:
        """The certificate authority that callers of the endpoints have to trust."""
        return str(self._context.home.ca.resolve())

    def key(self, endpoint: str) -> str | None:
        """The primary key of an endpoint; None if there is no such endpoint, or it has no keys."""
        found = self._context.store.get("endpoint", endpoint.lower())
        return found["keys"]["primaryKey"] if found and found["authMode"] == "Key" else None

    def endpoints(self) -> Sequence[EndpointView]:
        """Every endpoint, oldest first."""
        return [self._endpoint(item) for item in self._context.store.list("endpoint")]

    def logs(self, endpoint: str, deployment: str, container: Container, tail: int) -> str:
        """The last `tail` lines of a container."""
        return self._context.serving.logs(endpoint.lower(), deployment.lower(), container, tail)

    def _endpoint(self, endpoint: Document) -> EndpointView:
        shown = endpoint_body(self._context, endpoint)["properties"]
        below = self._context.store.list("deployment", f"{endpoint['name'].lower()}/")
        return EndpointView(
            name=endpoint["name"],
            state=shown["provisioningState"],
            auth_mode=shown["authMode"],
            scoring_uri=shown["scoringUri"],
            deployments=[self._deployment(endpoint, item) for item in below],
        )

    def _deployment(self, endpoint: Document, deployment: Document) -> DeploymentView:
        shown = deployment_body(self._context, deployment, _VERSION)["properties"]
        name = deployment["name"]
        return DeploymentView(
            name=name,
            state=shown["provisioningState"],
            error=deployment["error"],
            traffic=_share(endpoint["traffic"], name),
            mirror=_share(endpoint["mirrorTraffic"], name),
            model=_short(shown["model"]),
            environment=_short(shown["environmentId"]),
            instance_type=shown["instanceType"],
            instance_count=deployment["capacity"],
            autoscale=self._autoscale(deployment),
        )

    def _autoscale(self, deployment: Document) -> str | None:
        """The bounds of the setting that scales a deployment now, and what it did last."""
        target = f"{endpoint_id(deployment['endpoint'])}/deployments/{deployment['name']}".lower()
        settings = [(item, item["properties"]) for item in self._context.store.list("autoscale")]
        for setting, properties in settings:
            if properties["targetResourceUri"].lower() == target and properties["enabled"]:
                capacity = active_profile(properties["profiles"], datetime.now(UTC))["capacity"]
                return f"{capacity['minimum']} to {capacity['maximum']}{_last(setting['last'])}"
        return None


def _last(scaled: Mapping[str, Any] | None) -> str:
    """What autoscale did last, to be read behind its bounds."""
    if scaled is None:
        return ""
    refused = f"; not possible: {scaled['refused']}" if "refused" in scaled else ""
    return f", last {scaled['from']} → {scaled['to']} ({scaled['why']}{refused})"


def _share(split: Mapping[str, int], name: str) -> int:
    return next((share for other, share in split.items() if other.lower() == name.lower()), 0)


def _short(arm_id: str | None) -> str | None:
    """`name:version` of an asset's ARM id."""
    if arm_id is None:
        return None
    name, _, version = arm_id.rstrip("/").split("/")[-3:]
    anonymous = len(name) == _HASH and not name.strip("0123456789abcdef")
    return f"{name[:8]}… (unnamed)" if anonymous else f"{name}:{version}"
