"""The command line: what can be typed, and the exit codes. The bodies are imported when a command is called.

Exit codes: 0 nothing to do or applied; 1 invalid or failed; 2 changes pending; 3 refused as unsafe, stale or not ours;
4 stopped in time (`apply --max-minutes`); 64 usage; 130 interrupted.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deployer.commands.console import Console
from deployer.commands.options import (
    env_option,
    format_option,
    minutes_option,
    place_options,
    plan_options,
    set_option,
    spec_options,
)
from deployer.commands.running import run
from deployer.commands.streams import make_safe

if TYPE_CHECKING:
    from deployer.commands.plan_apply_drift import PlanFormat
    from deployer.commands.validate_render import DiagnosticsFormat
    from deployer.workspaces import Request


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="azureml-deployer", prog_name="deployer")
@click.pass_context
def cli(context: click.Context) -> None:
    """Declarative deployments for Azure ML online endpoints."""
    context.obj = context.obj or Console()


@cli.command()
@plan_options
@format_option("text", "markdown", "json", help="How to print the plan.")
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


@cli.command()
@click.argument("saved", type=click.Path(path_type=Path), required=False, metavar="[PLAN]")
@plan_options
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@minutes_option
@click.pass_obj
def apply(
    console: Console, request: Request, saved: Path | None, yes: bool, as_json: bool, max_minutes: float | None
) -> int:
    """Bring the workspace in line with the specs, or carry out exactly what a saved PLAN says.

    Example: deployer apply --env dev
    """
    from deployer.commands import plan_apply_drift

    return plan_apply_drift.apply(request, saved, yes, console, as_json=as_json, minutes=max_minutes)


@cli.command()
@spec_options
@format_option("text", "markdown", "json", help="How to print the report.")
@click.pass_obj
def drift(console: Console, request: Request, shape: PlanFormat) -> int:
    """Show where the workspace differs from the specs. Exits with 2 if it does, with 3 if apply would be refused.

    Example: deployer drift --env prod
    """
    from deployer.commands import plan_apply_drift

    return plan_apply_drift.drift(request, shape, console)


@cli.command()
@place_options
@click.option("--adopt", is_flag=True, help="Also delete deployments that were not created by this tool.")
@click.option("--yes", "named", default="", metavar="NAMES", help="The names to delete, instead of typing them.")
@click.pass_obj
def destroy(console: Console, request: Request, named: str) -> int:
    """Delete the endpoints declared in the specs, with all their deployments, once you type their names.

    Example: deployer destroy --env dev
    """
    from deployer.commands import destroy_rollback

    return destroy_rollback.destroy(request, named, console)


@cli.command()
@place_options
@click.option("--to", default="", metavar="REVISION", help="Move the traffic to this revision instead.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def rollback(console: Console, request: Request, to: str, yes: bool) -> int:
    """Restore the traffic split from before the last change.

    Example: deployer rollback --env prod --endpoint digits
    """
    from deployer.commands import destroy_rollback

    return destroy_rollback.rollback(request, to, yes, console)


@cli.command()
@place_options
@click.pass_obj
def history(console: Console, request: Request) -> int:
    """List the deployments of the endpoints with their revisions: content, model, when, by whom, and verdict.

    Example: deployer history --env prod
    """
    from deployer.commands.history import history as show

    return show(request, console)


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--env", default=None, help="Which specs/env/<env>.yml to use (for the project's own specs: local).")
@click.option("--project", type=click.Path(path_type=Path), default=Path(), help="The project folder.")
@set_option
@click.option("--no-files", is_flag=True, help="Do not check the files that specs refer to.")
@click.option("--strict", is_flag=True, help="Take no file that is not a spec.")
@format_option("text", "json", "sarif", "github", help="How to print the problems.")
@click.pass_obj
def validate(
    console: Console, /, outside: tuple[str, ...], no_files: bool, shape: DiagnosticsFormat, **asked: Any
) -> int:
    """Report every problem in the project's specs, or in any files and folders. Works offline.

    Example: deployer validate --env prod
    """
    from deployer.commands import validate_render

    check = validate_render.Check(outside=tuple(map(Path, outside)), files=not no_files, **asked)
    return validate_render.validate(check, shape, console)


@cli.command()
@spec_options
@click.option("--show-secrets", is_flag=True, help="Do not mask secret values.")
@click.option("--kind", type=click.Choice(["endpoint", "deployment", "model", "environment"]), help="Only this kind.")
@click.option("--out", type=click.Path(path_type=Path), help="Write one file for each spec into this folder.")
@click.pass_obj
def render(console: Console, /, request: Request, kind: str | None, **asked: Any) -> int:
    """Print the specs of an env as the plain YAML that `az ml` accepts.

    Example: deployer render --env dev --out build
    """
    from deployer.commands import validate_render

    return validate_render.render(request, validate_render.Rendering(kind=kind or "", **asked), console)


@cli.command()
@click.argument("subject", metavar="CODE|FIELD")
@click.pass_obj
def explain(console: Console, subject: str) -> int:
    """Explain the code of a message, or a field of a spec.

    Example: deployer explain deployment.instance_type
    """
    from deployer.commands import validate_render

    return validate_render.explain(subject, console)


@cli.command()
@place_options
@click.option("--image", "images", multiple=True, type=click.Path(path_type=Path), help="A picture to score.")
@click.option("--request", "requests", multiple=True, type=click.Path(path_type=Path), help="A JSON file to send.")
@click.option("--deployment", default="", help="Send to this deployment, whatever the traffic split.")
@click.option("--repeat", type=click.IntRange(1), default=1, help="Send this many requests and print statistics.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=1, help="Number of concurrent requests.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def score(console: Console, /, request: Request, as_json: bool, **load: Any) -> int:
    """Send pictures or JSON files to the endpoint, fetching its key first.

    Example: deployer score --image data/seven.png
    """
    from deployer.commands import score_status_logs

    return score_status_logs.score(request, score_status_logs.Load(json=as_json, **load), console)


@cli.command()
@place_options
@click.pass_obj
def status(console: Console, request: Request) -> int:
    """Show what is live: endpoints, deployments and traffic.

    Example: deployer status --env prod
    """
    from deployer.commands import score_status_logs

    return score_status_logs.status(request, console)


@cli.command()
@click.argument("deployment")
@place_options
@click.option(
    "--container",
    type=click.Choice(["inference-server", "storage-initializer"]),
    default="inference-server",
    show_default=True,
    help="Whose lines to print.",
)
@click.option("--tail", type=click.IntRange(1), default=100, show_default=True, help="Number of lines to print.")
@click.pass_obj
def logs(console: Console, request: Request, deployment: str, container: str, tail: int) -> int:
    """Print the last lines that a deployment's container logged.

    Example: deployer logs blue --tail 20
    """
    from deployer.commands import score_status_logs

    return score_status_logs.logs(request, deployment, container, tail, console)


@cli.command()
@place_options
@click.option("--show-secrets", is_flag=True, help="Print the keys in full.")
@click.pass_obj
def keys(console: Console, request: Request, show_secrets: bool) -> int:
    """Show the keys of an endpoint.

    Example: deployer keys --endpoint digits
    """
    from deployer.commands import score_status_logs

    return score_status_logs.keys(request, show_secrets, console)


@cli.command()
@click.option("--name", default="", help="The name of the project and its endpoint; that of the folder by default.")
@click.option("--from-mlflow", "mlflow", type=click.Path(path_type=Path), help="Serve the MLflow model in this folder.")
@click.option("--project", type=click.Path(path_type=Path), default=Path(), help="The project folder.")
@click.pass_obj
def init(console: Console, name: str, mlflow: Path | None, project: Path) -> int:
    """Write the files that a project begins with. Those that are there stay as they are.

    Example: deployer init --from-mlflow model
    """
    from deployer.commands import init as command

    return command.init(command.Beginning(project=project, name=name, mlflow=mlflow), console)


@cli.command("import")
@click.argument("endpoint")
@env_option
@click.pass_obj
def import_(console: Console, endpoint: str, env: str, project: Path) -> int:
    """Write specs for an endpoint that was created by other means.

    Example: deployer import digits --env dev
    """
    from deployer.commands.import_endpoint import import_endpoint

    return import_endpoint(project, env, endpoint, console)


@cli.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []})
@click.option("--project", type=click.Path(path_type=Path), default=Path(), help="The project folder.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def local(project: Path, words: tuple[str, ...]) -> int:
    """Control the local workspace: up, down, status, list, prune, reset, serve, fault.

    Example: deployer local up
    """
    from deployer.local import command

    return command(project, words or ("--help",)).returncode


def main() -> None:
    """Run a command and leave with its exit code."""
    make_safe()
    sys.exit(run(cli, sys.argv[1:]))
