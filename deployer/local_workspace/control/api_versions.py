"""The api-versions that each resource provider has."""

from __future__ import annotations

import re

# The versions of the resource provider since it has online endpoints:
# https://learn.microsoft.com/azure/templates/microsoft.machinelearningservices/change-log/summary
_VERSIONS = frozenset(
    {
        "2021-10-01",
        "2022-02-01-preview",
        "2022-05-01",
        "2022-06-01-preview",
        "2022-10-01",
        "2022-10-01-preview",
        "2022-12-01-preview",
        "2023-02-01-preview",
        "2023-04-01",
        "2023-04-01-preview",
        "2023-06-01-preview",
        "2023-08-01-preview",
        "2023-10-01",
        "2024-01-01-preview",
        "2024-04-01",
        "2024-04-01-preview",
        "2024-07-01-preview",
        "2024-10-01",
        "2024-10-01-preview",
        "2025-01-01-preview",
        "2025-04-01",
        "2025-04-01-preview",
        "2025-06-01",
        "2025-07-01-preview",
        "2025-09-01",
        "2025-10-01-preview",
        "2025-12-01",
    }
)
# Those of metrics: https://learn.microsoft.com/azure/templates/microsoft.insights/change-log/summary
_MONITOR_VERSIONS = frozenset({"2018-01-01", "2019-07-01", "2021-05-01", "2023-10-01", "2024-02-01"})
_AUTOSCALE_VERSIONS = frozenset({"2014-04-01", "2015-04-01", "2021-05-01-preview", "2022-10-01"})
# https://learn.microsoft.com/rest/api/authorization/permissions, https://learn.microsoft.com/rest/api/resources/providers
_AUTHORIZATION_VERSIONS = frozenset({"2018-07-01", "2022-04-01"})
_RESOURCES_VERSIONS = frozenset({"2020-06-01", "2021-04-01", "2022-09-01", "2024-03-01"})


def versions_at(path: str) -> frozenset[str]:
    """The versions of the provider that a path in lower case is about: the last one in it."""
    if "/providers/microsoft.insights/autoscalesettings" in path:
        return _AUTOSCALE_VERSIONS
    if "/providers/microsoft.insights/" in path:
        return _MONITOR_VERSIONS
    if "/providers/microsoft.authorization/" in path:
        return _AUTHORIZATION_VERSIONS
    return _RESOURCES_VERSIONS if re.fullmatch(r"/subscriptions/[^/]+/providers/[^/]+", path) else _VERSIONS
