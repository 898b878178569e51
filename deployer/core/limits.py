"""What Azure allows at most, and the names that are not for authors."""

from __future__ import annotations

MAX_DEPLOYMENTS = 20
"""Deployments of one endpoint: https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas"""

RESERVED = "deployer-"
"""Tags whose names begin like this are the deployer's own."""

ANONYMOUS_ENVIRONMENT = "CliV2AnonymousEnvironment"
"""The name that the CLI and the SDK give to environments written inline."""
