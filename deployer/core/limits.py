"""Limits of Azure, and reserved names."""

from __future__ import annotations

MAX_DEPLOYMENTS = 20
"""Maximum deployments of one endpoint: https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas"""

RESERVED = "deployer-"
"""Prefix of the deployer's own tags."""

ANONYMOUS_ENVIRONMENT = "CliV2AnonymousEnvironment"
"""The name that the CLI and the SDK give to inline environments."""
