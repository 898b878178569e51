"""diff: what two envs make of the same specs. Looks at no workspace."""

from __future__ import annotations

from pathlib import Path

from deployer.authoring import load_project
from deployer.commands.console import Console
from deployer.core.errors import UsageError
from deployer.planning.env_differences import env_differences, placed
from deployer.report.env_diff_view import env_diff_json, env_diff_text, env_diff_view
from deployer.report.plan_view import plan_view


def diff(project: Path, env: str, against: str, console: Console, *, as_json: bool) -> int:
    """Show where the specs of one env differ from those of another, field by field."""
    console.at(env=env, project=project)
    if env == against:
        raise UsageError(f"{against} is compared with itself", hint="Name two envs: --env prod --against dev.")
    sides = {name: load_project(project, name) for name in (env, against)}
    for side in sides.values():
        console.acting_on(side.env, side.secrets)
    here, other = (placed(side.state, side.origins) for side in sides.values())
    plan = env_differences(other, here, env=env, project=sides[env].env.project)
    view = env_diff_view(plan_view(plan, secrets=console.secrets), against=against)
    console.out(env_diff_json(view) if as_json else env_diff_text(view, color=console.color))
    return 0
