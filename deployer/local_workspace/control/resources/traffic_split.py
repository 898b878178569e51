"""The rules for traffic splits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.refusals import MIRROR, TRAFFIC_SUM, TRAFFIC_TARGET


def check_traffic(context: ServerContext, endpoint: str, properties: Mapping[str, Any]) -> None:
    """Refuse shares that do not add up, or that go to missing deployments."""
    traffic, mirror = shares(properties, "traffic"), shares(properties, "mirrorTraffic")
    if any(not 0 <= share <= 100 for share in traffic.values()) or sum(traffic.values()) not in (0, 100):
        raise ArmRefused(TRAFFIC_SUM, {"sum": str(sum(traffic.values()))})
    for member, split in (("traffic", traffic), ("mirrorTraffic", mirror)):
        for name in split:
            target = context.store.get("deployment", f"{endpoint}/{name}".lower())
            if target is None or target["state"] == "Deleting":
                values = {"member": member, "endpoint": endpoint, "deployment": name}
                raise ArmRefused(TRAFFIC_TARGET, values)
    if problem := _mirror_problem(traffic, mirror):
        raise ArmRefused(MIRROR, {"problem": problem})


def shares(properties: Mapping[str, Any], member: str) -> dict[str, int]:
    """A split as a plain map; null shares are 0."""
    return {name: share or 0 for name, share in (properties.get(member) or {}).items()}


def _mirror_problem(traffic: Mapping[str, int], mirror: Mapping[str, int]) -> str | None:
    taking = {name: share for name, share in mirror.items() if share}
    if len(taking) > 1:
        return f"Traffic can be mirrored to one deployment only, not to {len(taking)}."
    for name, share in taking.items():
        if not 0 < share <= 50:
            return f"At most 50 percent of the traffic can be mirrored, not {share}."
        if any(other.lower() == name.lower() and live for other, live in traffic.items()):
            return f"Deployment [{name}] can take live traffic or mirrored traffic, not both."
    return None
