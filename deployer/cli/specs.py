"""Commands about specs, and local: init, validate, render, diff, schema, explain, import and local."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deployer.commands.console import Console
from deployer.commands.options import (
    env_is_ambient,
    env_option,
    format_option,
    set_option,
    spec_options,
)

if TYPE_CHECKING:
    from deployer.commands.validate_render import DiagnosticsFormat
    from deployer.workspaces import Request


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--env", "-e", default=None, help="Which specs/env/<env>.yml to use (for the project's own specs: local)."
)
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

    if asked["paths"] and env_is_ambient():
        asked["env"] = None  # files from anywhere need no project, which an exported variable must not ask for
    check = validate_render.Check(outside=tuple(map(Path, outside)), files=not no_files, **asked)
    return validate_render.validate(check, shape, console)


@click.command()
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


@click.command()
@env_option
@click.option("--against", required=True, metavar="ENV", help="The env to compare with.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def diff(console: Console, env: str, project: Path, against: str, as_json: bool) -> int:
    """Show where the specs of two envs differ, field by field. Works offline.

    Example: deployer diff --env prod --against dev
    """
    from deployer.commands import diff as command

    return command.diff(project, env, against, console, as_json=as_json)


@click.command()
@click.argument("name", required=False, metavar="[KIND]")
@click.option("--out", type=click.Path(path_type=Path), help="Write all schemas into this folder.")
@click.pass_obj
def schema(console: Console, name: str | None, out: Path | None) -> int:
    """Print the JSON Schema of a KIND of spec for editors, or write those of all kinds, of which env files are one.

    Example: deployer schema deployment
    """
    from deployer.commands import schema as command

    return command.schema(name, out, console)


@click.command()
@click.argument("subject", metavar="CODE|FIELD")
@click.pass_obj
def explain(console: Console, subject: str) -> int:
    """Explain the code of a message, or a field of a spec.

    Example: deployer explain deployment.instance_type
    """
    from deployer.commands import validate_render

    return validate_render.explain(subject, console)


@click.command()
@click.option("--name", default="", help="The name of the project and its endpoint; that of the folder by default.")
@click.option("--from-mlflow", "mlflow", type=click.Path(path_type=Path), help="Serve the MLflow model in this folder.")
@click.option(
    "--from-model",
    "model",
    type=click.Path(path_type=Path),
    help="Serve the model in this file, of scikit-learn (.pkl, .joblib), Keras (.keras) or ONNX (.onnx).",
)
@click.option(
    "--from-az", "az", multiple=True, type=click.Path(path_type=Path), help="Take this YAML of `az ml` as it is."
)
@click.option("--from-endpoint", "endpoint", default="", metavar="NAME", help="Write specs for this live endpoint.")
@click.option("--env", "-e", default="dev", show_default=True, help="Where the live endpoint is.")
@click.option("--pipelines", type=click.Choice(["github", "azure"]), help="Write pipelines for this platform too.")
@click.option("--project", type=click.Path(path_type=Path), default=Path(), help="The project folder.")
@click.pass_obj
def init(console: Console, /, pipelines: str | None, **begin: Any) -> int:
    """Write the files that a project begins with. Those that are there stay as they are.

    Example: deployer init --from-mlflow model
    """
    from deployer.authoring.pipelines import Platform
    from deployer.commands import init as command

    platform = Platform(pipelines) if pipelines else None
    return command.init(command.Beginning(pipelines=platform, **begin), console)


@click.command("import")
@click.argument("endpoint")
@env_option
@click.pass_obj
def import_(console: Console, endpoint: str, env: str, project: Path) -> int:
    """Write specs for an endpoint that was created by other means.

    Example: deployer import digits --env dev
    """
    from deployer.commands.import_endpoint import import_endpoint

    return import_endpoint(project, env, endpoint, console)


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []})
@click.option("--project", type=click.Path(path_type=Path), default=Path(), help="The project folder.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def local(project: Path, words: tuple[str, ...]) -> int:
    """Control the local workspace: up, down, status, list, prune, reset, serve, fault.

    Example: deployer local up
    """
    from deployer.local import command

    return command(project, words or ("--help",)).returncode
