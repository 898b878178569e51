"""The command line: what can be typed, and the exit codes. The bodies are imported when a command is called.

Exit codes: 0 nothing to do or applied; 1 invalid or failed; 2 changes pending; 3 refused as unsafe, stale or not ours;
64 usage; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from deployer.commands.console import Console
from deployer.commands.options import allowed, endpoint_option, env_option, plan_options, requested, set_option
from deployer.core.errors import as_deployer_error

USAGE = 64
INTERRUPTED = 130


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
    from deployer.commands import plan_apply_drift

    allow = allowed(outage=allow_outage, adopt=adopt, deletes=allow_deletes)
    request = requested(project, env, endpoint, overrides, prune=prune, allow=allow)
    showing = plan_apply_drift.Showing(format=shape, out=out, detailed_exitcode=detailed_exitcode)
    return plan_apply_drift.plan(request, showing, console)


@cli.command()
@click.argument("saved", type=click.Path(path_type=Path), required=False, metavar="[PLAN]")
@plan_options
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Tell the outcome in JSON.")
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
    as_json: bool,
) -> int:
    """Make the workspace as the specs say, or exactly as a saved PLAN says."""
    from deployer.commands import plan_apply_drift

    allow = allowed(outage=allow_outage, adopt=adopt, deletes=allow_deletes)
    request = requested(project, env, endpoint, overrides, prune=prune, allow=allow)
    return plan_apply_drift.apply(request, saved, yes, console, as_json=as_json)


@cli.command()
@set_option
@endpoint_option
@env_option
@click.pass_obj
def drift(console: Console, env: str, project: Path, endpoint: str, overrides: tuple[str, ...]) -> int:
    """Say where the workspace differs from the specs; exit 2 when it does."""
    from deployer.commands import plan_apply_drift

    return plan_apply_drift.drift(requested(project, env, endpoint, overrides), console)


@cli.command()
@endpoint_option
@env_option
@click.option("--yes", "typed", default="", metavar="NAMES", help="The names to delete, instead of typing them.")
@click.pass_obj
def destroy(console: Console, env: str, project: Path, endpoint: str, typed: str) -> int:
    """Delete the endpoints of the specs with all their deployments."""
    from deployer.commands import destroy_rollback

    return destroy_rollback.destroy(requested(project, env, endpoint), typed, console)


@cli.command()
@endpoint_option
@env_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def rollback(console: Console, env: str, project: Path, endpoint: str, yes: bool) -> int:
    """Put the traffic back as it was before its last change."""
    from deployer.commands import destroy_rollback

    return destroy_rollback.rollback(requested(project, env, endpoint), yes, console)


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--env", default=None, help="Which specs/env/<env>.yml to use (the project's own specs: local).")
@click.option("--project", type=click.Path(path_type=Path), default=Path(), help="The project folder.")
@set_option
@click.option("--no-files", is_flag=True, help="Do not look at the files that specs name.")
@click.option(
    "--format", "shape", type=click.Choice(["text", "json", "sarif", "github"]), default="text", show_default=True
)
@click.pass_obj
def validate(
    console: Console,
    paths: tuple[Path, ...],
    env: str | None,
    project: Path,
    overrides: tuple[str, ...],
    no_files: bool,
    shape: str,
) -> int:
    """Check the project's specs, or any files and folders; contacts nothing."""
    from deployer.commands.validate_render import Check
    from deployer.commands.validate_render import validate as check

    asked = Check(project=project, env=env, paths=paths, overrides=overrides, files=not no_files)
    return check(asked, shape, console)


@cli.command()
@set_option
@env_option
@click.option("--show-secrets", is_flag=True, help="Do not mask secret values.")
@click.pass_obj
def render(console: Console, env: str, project: Path, overrides: tuple[str, ...], show_secrets: bool) -> int:
    """Print the specs of an env as plain YAML that `az ml` takes."""
    from deployer.commands import validate_render

    return validate_render.render(project, env, overrides, show_secrets, console)


@cli.command()
@click.argument("subject", metavar="CODE|FIELD")
@click.pass_obj
def explain(console: Console, subject: str) -> int:
    """Explain a code of a message, or a field such as deployment.instance_type."""
    from deployer.commands import validate_render

    return validate_render.explain(subject, console)


@cli.command()
@endpoint_option
@env_option
@click.option("--image", "images", multiple=True, type=click.Path(path_type=Path), help="A picture to score.")
@click.option("--request", "requests", multiple=True, type=click.Path(path_type=Path), help="A JSON file to send.")
@click.option("--deployment", default="", help="Ask this deployment, whatever the traffic.")
@click.option("--repeat", type=click.IntRange(1), default=1, help="Ask so often and show statistics.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=1, help="Ask so many at once.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.pass_obj
def score(
    console: Console,
    env: str,
    project: Path,
    endpoint: str,
    images: tuple[Path, ...],
    requests: tuple[Path, ...],
    deployment: str,
    repeat: int,
    concurrency: int,
    as_json: bool,
) -> int:
    """Send a picture or a JSON file to the endpoint; the key is fetched for you."""
    from deployer.commands import score_status_logs

    place = score_status_logs.Place(project=project, env=env, endpoint=endpoint)
    load = score_status_logs.Load(repeat=repeat, concurrency=concurrency, json=as_json)
    return score_status_logs.score(place, images, requests, deployment, load, console)


@cli.command()
@endpoint_option
@env_option
@click.pass_obj
def status(console: Console, env: str, project: Path, endpoint: str) -> int:
    """Show what is live: endpoints, deployments, traffic."""
    from deployer.commands import score_status_logs

    return score_status_logs.status(score_status_logs.Place(project=project, env=env, endpoint=endpoint), console)


@cli.command()
@click.argument("deployment")
@endpoint_option
@env_option
@click.option("--container", type=click.Choice(["inference-server", "storage-initializer"]), default="inference-server")
@click.option("--tail", type=click.IntRange(1), default=100, show_default=True, help="So many lines.")
@click.pass_obj
def logs(console: Console, deployment: str, env: str, project: Path, endpoint: str, container: str, tail: int) -> int:
    """Show the last lines of a deployment's container."""
    from deployer.commands import score_status_logs

    place = score_status_logs.Place(project=project, env=env, endpoint=endpoint)
    return score_status_logs.logs(place, deployment, container, tail, console)


@cli.command()
@endpoint_option
@env_option
@click.option("--show-secrets", is_flag=True, help="Print the keys in full.")
@click.pass_obj
def keys(console: Console, env: str, project: Path, endpoint: str, show_secrets: bool) -> int:
    """Show the keys of an endpoint."""
    from deployer.commands import score_status_logs

    return score_status_logs.keys(
        score_status_logs.Place(project=project, env=env, endpoint=endpoint), show_secrets, console
    )


@cli.command("import")
@click.argument("endpoint")
@env_option
@click.pass_obj
def import_(console: Console, endpoint: str, env: str, project: Path) -> int:
    """Write the specs of an endpoint that was made by other means."""
    from deployer.commands.import_endpoint import import_endpoint

    return import_endpoint(project, env, endpoint, console)


@cli.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []})
@click.option("--project", type=click.Path(path_type=Path), default=Path(), help="The project folder.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def local(project: Path, words: tuple[str, ...]) -> int:
    """The local workspace: up, down, status, reset, fault."""
    from deployer.local import command

    return command(project, words or ("--help",)).returncode


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
    except Exception as error:
        console.error(as_deployer_error(error))
        if os.environ.get("DEPLOYER_TRACEBACK"):
            raise
        return as_deployer_error(error).exit_code
    return code if isinstance(code, int) else 0
