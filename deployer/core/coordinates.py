"""The place of a workspace: in Azure, or on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinates:
    """The place of a workspace in Azure."""

    subscription_id: str
    resource_group: str
    name: str

    @property
    def arm_id(self) -> str:
        """The ARM id of the workspace."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"
        )

    def studio(self, endpoint: str) -> str:
        """The page of an endpoint in Azure ML studio. Its form is that of the links in Azure's own answers; not run."""
        place = f"/subscriptions/{self.subscription_id}/resourcegroups/{self.resource_group}/workspaces/{self.name}"
        return f"https://ml.azure.com/endpoints/realtime/{endpoint}/detail?wsid={place}"


LOCAL_WORKSPACE = Coordinates(
    subscription_id="00000000-0000-0000-0000-000000000000", resource_group="local", name="local"
)
"""The place of the local workspace in the ids of its resources: the same on every machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """A running local workspace: its API (https), CA certificate, bearer token, and web page (http)."""

    api: str
    page: str
    ca_file: Path
    token_file: Path
    location: str = "local"
