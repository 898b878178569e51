"""Where a workspace is: in Azure, or on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinates:
    """Where a workspace is in Azure."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """A local workspace that runs: its API (https), its own CA, its bearer token, and the page to look at (http)."""

    api: str
    page: str
    ca_file: Path
    token_file: Path
    location: str = "local"
