"""The quota that a step needs, as a note for the reviewer: lack of quota is a common, late cause of failure."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from deployer.core.compute import is_kubernetes
from deployer.core.diff import FieldChange
from deployer.core.plan import Action, Step
from deployer.core.resources import Kind, Value
from deployer.planning.vm_sizes import cores_needed, usual_name

MACHINES = (("instance_type",), ("instance_count",))


def with_quota_note(step: Step) -> Step:
    """The step; if it allocates VMs, its reason also states the quota it needs, in cores."""
    if step.after is None or step.ref.kind is not Kind.DEPLOYMENT or is_kubernetes(step.after.fields):
        return step
    size, count = (step.after.fields.get(key) for key in ("instance_type", "instance_count"))
    words = quota_words(str(size), count) if _takes_machines(step) else ""
    return replace(step, reason=f"{step.reason}; {words}" if step.reason and words else words or step.reason)


def quota_words(size: str, count: Value) -> str:
    """ "needs quota for 24 cores of Standard_DS3_v2 (upgrade reserve included)"; "" where that is not known."""
    cores = cores_needed(size, count) if isinstance(count, int) else None
    return f"needs quota for {cores} cores of {usual_name(size)} (upgrade reserve included)" if cores else ""


def _is_fewer(change: FieldChange) -> bool:
    before, after = change.before, change.after
    return isinstance(before, int) and isinstance(after, int) and after < before


def _takes_machines(step: Step) -> bool:
    """Whether a step allocates VMs: one that only lowers their number needs no quota."""
    match step.action:
        case Action.CREATE | Action.REPLACE:
            return True
        case Action.UPDATE:
            return any(change.path in MACHINES and not _is_fewer(change) for change in step.changes)
        case Action.DELETE | Action.TEST:
            return False
    assert_never(step.action)
