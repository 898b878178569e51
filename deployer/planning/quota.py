"""The quota a step needs, told to its reviewer: it is what deployments fail on most, after a long wait."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from deployer.core.compute import is_kubernetes
from deployer.core.plan import Action, Step
from deployer.core.resources import Kind
from deployer.planning.vm_sizes import cores_needed

MACHINES = (("instance_type",), ("instance_count",))


def with_quota_note(step: Step) -> Step:
    """A step that takes or changes machines says how many cores of quota it needs."""
    if step.after is None or step.ref.kind is not Kind.DEPLOYMENT or is_kubernetes(step.after.fields):
        return step
    size, count = (step.after.fields.get(key) for key in ("instance_type", "instance_count"))
    cores = cores_needed(str(size), count) if _takes_machines(step) and isinstance(count, int) else None
    if not cores:
        return step
    words = f"takes quota for {cores} cores of {size}, the reserve for upgrades included"
    return replace(step, reason=f"{step.reason}; {words}" if step.reason else words)


def _takes_machines(step: Step) -> bool:
    """Whether a step takes machines, or others than before."""
    match step.action:
        case Action.CREATE | Action.REPLACE:
            return True
        case Action.UPDATE:
            return any(change.path in MACHINES for change in step.changes)
        case Action.DELETE | Action.TEST:
            return False
    assert_never(step.action)
