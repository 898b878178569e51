"""Commands that plan and make changes: plan, apply, drift, destroy and rollback."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployer.commands.console import Console
from deployer.commands.options import (
    format_option,
    minutes_option,
    outcome_option,
    place_options,
    plan_options,
    spec_options,
)

if TYPE_CHECKING:
    from deployer.commands.plan_apply_drift import DriftFormat, OutcomeFormat, PlanFormat
    from deployer.workspaces import Request


@click.command()
@plan_options
@format_option("text", "markdown", "html", "json", help="How to print the plan.")
@click.option("--out", type=click.Path(path_type=Path), help="Save the plan for `deployer apply PLAN`.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if changes are pending.")
@click.pass_obj
def plan(console: Console, request: Request, shape: PlanFormat, out: Path | None, detailed_exitcode: bool) -> int:
    """Show what apply would change. Writes nothing.

    Example: deployer plan --env dev
    """
    from deployer.commands import plan_apply_drift

    showing = plan_apply_drift.Showing(format=shape, out=out, detailed_exitcode=detailed_exitcode)
    return plan_apply_drift.plan(request, showing, console)


@click.command()
@click.argument("saved", type=click.Path(path_type=Path), required=False, metavar="[PLAN]")
@plan_options
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@outcome_option
@click.option("--json-lines", "shape", flag_value="lines", help="Print each event, and the outcome, as a line of JSON.")
@minutes_option
@click.pass_obj
def apply(
    console: Console, request: Request, saved: Path | None, yes: bool, shape: OutcomeFormat, max_minutes: float | None
) -> int:
    """Bring the workspace in line with the specs, or carry out exactly what a saved PLAN says.

    Example: deployer apply --env dev
    """
    from deployer.commands import plan_apply_drift

    return plan_apply_drift.apply(request, saved, yes, console, shape, minutes=max_minutes)


@click.command()
@spec_options
@format_option("text", "markdown", "json", help="How to print the report.")
@click.pass_obj
def drift(console: Console, request: Request, shape: DriftFormat) -> int:
    """Show where the workspace differs from the specs. Exits with 2 if it does, with 3 if apply would be refused.

    Example: deployer drift --env prod
    """
    from deployer.commands import plan_apply_drift

    return plan_apply_drift.drift(request, shape, console)


@click.command()
@place_options
@click.option("--adopt", is_flag=True, help="Also delete deployments that were not created by this tool.")
@click.option("--yes", "named", default="", metavar="NAMES", help="The names to delete, instead of typing them.")
@outcome_option
@click.pass_obj
def destroy(console: Console, request: Request, named: str, shape: OutcomeFormat) -> int:
    """Delete the endpoints declared in the specs, with all their deployments, once you type their names.

    Example: deployer destroy --env dev
    """
    from deployer.commands import destroy_rollback

    return destroy_rollback.destroy(request, named, console, shape)


@click.command()
@place_options
@click.option("--to", default="", metavar="REVISION", help="Move the traffic to this revision instead.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@outcome_option
@click.pass_obj
def rollback(console: Console, request: Request, to: str, yes: bool, shape: OutcomeFormat) -> int:
    """Restore the traffic split from before the last change.

    Example: deployer rollback --env prod --endpoint digits
    """
    from deployer.commands import destroy_rollback

    return destroy_rollback.rollback(request, to, yes, console, shape)
