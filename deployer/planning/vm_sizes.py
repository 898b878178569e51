"""VM sizes of managed online endpoints, and the quota they need.

Sizes and exemptions: https://learn.microsoft.com/azure/machine-learning/reference-managed-online-endpoints-vm-sku-list
(2025-10-18). The list ages, so an unknown size is a warning, not an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class VmSize:
    """A VM size in its usual spelling, its cores, and whether it is exempt from the 20 % upgrade reserve."""

    name: str
    cores: int
    no_reserve: bool


@cache
def vm_sizes() -> Mapping[str, VmSize]:
    """The known VM sizes by their name in lower case."""
    rows = json.loads((Path(__file__).parent / "vm_sizes.json").read_text(encoding="utf-8"))
    return {name.lower(): VmSize(name=name, cores=cores, no_reserve=no_reserve) for name, cores, no_reserve in rows}


def usual_name(instance_type: str) -> str:
    """A VM size as Azure spells it; one that is not known as it is."""
    known = vm_sizes().get(instance_type.lower())
    return known.name if known else instance_type


def cores_needed(instance_type: str, instance_count: int) -> int | None:
    """The quota, in cores, that a managed deployment needs: ceil(1.2 x instances) x cores; None for an unknown size.

    Source: https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas
    """
    size = vm_sizes().get(instance_type.lower())
    if size is None:
        return None
    instances = instance_count if size.no_reserve else -(-instance_count * 12 // 10)
    return instances * size.cores
