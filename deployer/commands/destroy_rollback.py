"""destroy and rollback."""

from __future__ import annotations

from deployer import pipeline
from deployer.applying.consent import before_destroy, before_rollback
from deployer.commands.console import Console
from deployer.commands.plan_apply_drift import OutcomeFormat, carry_out, nothing, show
from deployer.core.resources import Kind
from deployer.pipeline import Planned
from deployer.workspaces import Request


def destroy(request: Request, named: str, console: Console, shape: OutcomeFormat) -> int:
    """Delete the endpoints in the specs with all their deployments, after confirmation by their names."""
    planned = pipeline.plan_destroy(request, console)
    names = [step.ref.endpoint for step in planned.plan.steps if step.ref.kind is Kind.ENDPOINT]
    if not names:
        return nothing("Nothing to destroy: none of the endpoints in the specs exists.", console, shape)
    show(planned, console, shape)
    if not console.agrees(before_destroy(names, named=named)):
        console.err("Nothing was deleted.")
        return 1
    return carry_out(planned, console, shape)


def rollback(request: Request, to: str, yes: bool, console: Console, shape: OutcomeFormat) -> int:
    """Restore the traffic split from before the last change, or move the traffic to the revision `to`."""
    planned = pipeline.plan_rollback(request, console, to=to)
    show(planned, console, shape)
    if planned.plan.is_empty:
        return nothing("", console, shape)
    if not console.agrees(before_rollback(local=planned.is_local, yes=yes)):
        console.err("Nothing was changed.")
        return 1
    code = carry_out(planned, console, shape)
    if code == 0:
        _say_what_comes(planned, console)
    return code


def _say_what_comes(planned: Planned, console: Console) -> None:
    """What the next apply does: content of revisions that was rolled back is held, any other split comes again."""
    held = {name for step in planned.plan.steps if step.bookkeeping for name in step.bookkeeping.held or ()}
    names = ", ".join(sorted({step.ref.endpoint for step in planned.plan.steps}))
    if held:
        logical = ", ".join(sorted(held))
        console.err(f"The content of {logical} is held back until it changes; `deployer apply --again` rolls it out.")
        return
    console.err(f"The next `deployer apply` moves the traffic of {names} to the split in the specs again.")
    console.err("To keep this one, declare it there, or take the change back.")
