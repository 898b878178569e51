"""destroy and rollback."""

from __future__ import annotations

from deployer import pipeline
from deployer.applying.consent import before_destroy, before_rollback
from deployer.commands.console import Console
from deployer.commands.plan_apply_drift import carry_out, show
from deployer.pipeline import Request


def destroy(request: Request, named: str, console: Console) -> int:
    """Delete the endpoints in the specs with all their deployments, after confirmation by their names."""
    planned = pipeline.plan_destroy(request, console)
    names = [step.ref.endpoint for step in planned.plan.steps]
    if not names:
        console.out("Nothing to destroy: none of the endpoints in the specs exists.")
        return 0
    show(planned, console)
    if not console.agrees(before_destroy(names, named=named)):
        console.err("Nothing was deleted.")
        return 1
    return carry_out(planned, console)


def rollback(request: Request, yes: bool, console: Console) -> int:
    """Restore the traffic split from before the last change."""
    planned = pipeline.plan_rollback(request, console)
    show(planned, console)
    if planned.plan.is_empty:
        return 0
    if not console.agrees(before_rollback(local=planned.is_local, yes=yes)):
        console.err("Nothing was changed.")
        return 1
    code = carry_out(planned, console)
    if code == 0:
        names = ", ".join(sorted({step.ref.endpoint for step in planned.plan.steps}))
        console.err(f"The next `deployer apply` moves the traffic of {names} to the split in the specs again.")
        console.err("To keep this one, declare it there, or take the change back.")
    return code
