"""Quota of virtual machine cores: unlimited until a limit is set for a family."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from deployer.local_workspace.control.context import ServerContext
from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.refusals import QUOTA
from deployer.local_workspace.control.request import Call, Reply
from deployer.local_workspace.identity import SUBSCRIPTION
from deployer.local_workspace.store import Document, Store

_SETTING = ("setting", "quota")


@dataclass(frozen=True, slots=True)
class VmSize:
    """A VM size of managed online endpoints.

    From https://learn.microsoft.com/azure/machine-learning/reference-managed-online-endpoints-vm-sku-list; the list is
    not exhaustive, so a size outside it is accepted and not counted.
    """

    family: str
    cores: int
    exempt: bool
    """No fifth of the instances is kept in reserve for upgrades."""


@cache
def _sizes() -> dict[str, VmSize]:
    table = json.loads(Path(__file__).with_name("vm_sizes.json").read_text())
    return {name: VmSize(*row) for name, row in table.items()}


def limits(store: Store) -> dict[str, int]:
    """Cores by VM family in lower case; families without an entry have no limit."""
    return dict(store.get(*_SETTING) or {})


def set_limits(store: Store, wanted: dict[str, int]) -> None:
    """Replace all limits."""
    store.put(*_SETTING, {family.lower(): cores for family, cores in wanted.items()})


async def list_usages(context: ServerContext, _call: Call) -> Reply:
    """GET of the usages of a location: cores by VM family, those without a limit with -1."""
    used: Counter[str] = Counter()
    for item in context.store.list("deployment"):
        if size := _sizes().get(item["content"]["instanceType"].lower()):
            used[size.family] += _cores(item, size.family)
    known = {size.family.lower(): size.family for size in _sizes().values()}
    known_limits = {known.get(family, family): limit for family, limit in limits(context.store).items()}
    rows = [
        {"name": {"value": family, "localizedValue": family}, "unit": "Count"}
        | {"currentValue": used[family], "limit": known_limits.get(family, -1)}
        for family in sorted(used.keys() | known_limits.keys())
    ]
    return Reply(body={"value": rows})


def check_quota(store: Store, key: str, desired: Document) -> None:
    """Refuse a deployment that needs more cores than its family has left.

    A deployment takes ceil(1.2 x instances) x cores
    (https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas).
    """
    family_limits = limits(store)
    size = _sizes().get(desired["content"]["instanceType"].lower())
    if size is None or size.family.lower() not in family_limits:
        return
    limit = family_limits[size.family.lower()]
    taken = {
        f"{item['endpoint']}/{item['name']}".lower(): _cores(item, size.family) for item in store.list("deployment")
    }
    used = sum(taken.values())
    needed = _cores(desired, size.family) - taken.get(key, 0)
    if needed > 0 and used + needed > limit:
        values = {"size": desired["content"]["instanceType"], "subscription": SUBSCRIPTION, "needed": str(needed)}
        raise ArmRefused(QUOTA, values | {"used": str(used), "limit": str(limit)})


def _cores(deployment: Document, family: str) -> int:
    size = _sizes().get(deployment["content"]["instanceType"].lower())
    if size is None or size.family != family:
        return 0
    instances = deployment["capacity"] if size.exempt else math.ceil(1.2 * deployment["capacity"])
    return int(instances * size.cores)
