"""The names of the one workspace that this server stands for."""

from __future__ import annotations

PLACE = "local"
"""The name of the workspace, its resource group and its location."""
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
