"""The command line: what can be typed, and the exit codes. The bodies are imported when a command is called.

Exit codes: 0 nothing to do or applied; 1 invalid or failed; 2 changes pending; 3 refused as unsafe, stale or not ours;
64 usage; 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from deployer.console import Console
from deployer.errors import DeployerError

USAGE = 64
INTERRUPTED = 130

Command = TypeVar("Command", bound=Callable[..., object])


def env_option(command: Command) -> Command:
    """--env and --project, which every command takes."""
    command = click.option("--project", type=click.Path(path_type=Path), default=Path(), help="The project folder.")(command)
    return click.option("--env", default="local", show_default=True, help="Which specs/env/<env>.yml to use.")(command)


def endpoint_option(command: Command) -> Command:
    """--endpoint, where the specs hold several."""
    return click.option("--endpoint", default="", help="Only this endpoint.")(command)


def set_option(command: Command) -> Command:
    """--set, which overrides a field or a variable."""
    text = "Override a variable or field for this run: --set instance_count=3."
    return click.option("--set", "overrides", multiple=True, metavar="A.B=C", help=text)(command)


def plan_options(command: Command) -> Command:
    """The options that decide what is planned."""
    for decorate in (
        click.option("--prune", is_flag=True, help="Delete what carries the project's tag but is in no spec."),
        click.option("--allow-outage", is_flag=True, help="Let a serving endpoint end without traffic."),
        click.option("--allow-deletes", is_flag=True, help="Let a plan delete a large part of the project."),
        click.option("--adopt", is_flag=True, help="Take over endpoints that this tool did not make."),
    ):
        command = decorate(command)
    return set_option(endpoint_option(env_option(command)))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="azureml-deployer", prog_name="deployer")
@click.pass_context
def cli(context: click.Context) -> None:
    """Declarative deployments for Azure ML online endpoints."""
    context.obj = context.obj or Console()


@cli.command()
@plan_options
@click.option("--format", "shape", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Save the plan for `deployer apply PLAN`.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when changes are pending.")
@click.pass_obj
def plan(
    console: Console,
    env: str,
    project: Path,
    endpoint: str,
    overrides: tuple[str, ...],
    prune: bool,
    allow_outage: bool,
    allow_deletes: bool,
    adopt: bool,
    shape: str,
    out: Path | None,
    detailed_exitcode: bool,
) -> int:
    """Show what apply would change; write nothing."""
    from deployer.case import Allowed
    from deployer.commands import reconcile
    from deployer.pipeline import Request

    allowed = Allowed(outage=allow_outage, adopt=adopt, deletes=allow_deletes)
    request = Request(project=project, env=env, endpoint=endpoint, overrides=overrides, prune=prune, allowed=allowed)
    showing = reconcile.Showing(format=shape, out=out, detailed_exitcode=detailed_exitcode)
    return reconcile.plan(request, showing, console)


@cli.command()
@click.argument("saved", type=click.Path(path_type=Path), required=False, metavar="[PLAN]")
@plan_options
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def apply(
    console: Console,
    saved: Path | None,
    env: str,
    project: Path,
    endpoint: str,
    overrides: tuple[str, ...],
    prune: bool,
    allow_outage: bool,
    allow_deletes: bool,
    adopt: bool,
    yes: bool,
) -> int:
    """Make the workspace as the specs say, or exactly as a saved PLAN says."""
    from deployer.case import Allowed
    from deployer.commands import reconcile
    from deployer.pipeline import Request

    allowed = Allowed(outage=allow_outage, adopt=adopt, deletes=allow_deletes)
    request = Request(project=project, env=env, endpoint=endpoint, overrides=overrides, prune=prune, allowed=allowed)
    return reconcile.apply(request, saved, yes, console)


def main() -> None:
    """Run a command and leave with its exit code."""
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    console = Console()
    try:
        code = cli.main(arguments, standalone_mode=False, obj=console)
    except click.UsageError as error:
        error.show()
        return USAGE
    except click.Abort:
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except DeployerError as error:
        console.error(error)
        return error.exit_code
    return code if isinstance(code, int) else 0
