"""The quota a step needs, told to its reviewer: it is what deployments fail on most, after a long wait."""

from __future__ import annotations

from dataclasses import replace

from deployer.core.plan import Action, Step
from deployer.core.resources import Kind
from deployer.planning.vm_sizes import cores_needed

MACHINES = (("instance_type",), ("instance_count",))


def with_quota(step: Step) -> Step:
    """A step that takes or changes machines says how many cores of quota it needs."""
    if step.after is None or step.ref.kind is not Kind.DEPLOYMENT or step.after.fields.get("type") == "kubernetes":
        return step
    size, count = (step.after.fields.get(key) for key in ("instance_type", "instance_count"))
    sized = step.action is not Action.UPDATE or any(change.path in MACHINES for change in step.changes)
    cores = cores_needed(str(size), count) if sized and isinstance(count, int) else None
    if step.action is Action.TEST or not cores:
        return step
    words = f"takes quota for {cores} cores of {size}, the reserve for upgrades included"
    return replace(step, reason=f"{step.reason}; {words}" if step.reason else words)
