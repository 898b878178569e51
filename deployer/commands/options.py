"""Options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from deployer.pipeline import Request

Command = TypeVar("Command", bound=Callable[..., object])


def env_option(command: Command) -> Command:
    """--env and --project, which every command takes."""
    command = click.option("--project", type=click.Path(path_type=Path), default=Path(), help="The project folder.")(
        command
    )
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


def allowed(*, outage: bool, adopt: bool, deletes: bool) -> tuple[str, ...]:
    """The names of the refusals that were lifted."""
    flags = {"outage": outage, "adopt": adopt, "deletes": deletes}
    return tuple(name for name, given in flags.items() if given)


def requested(
    project: Path,
    env: str,
    endpoint: str,
    overrides: tuple[str, ...] = (),
    *,
    prune: bool = False,
    allow: tuple[str, ...] = (),
) -> Request:
    """What was asked for; the pipeline is imported here, when a command that needs it is called."""
    from deployer.core.plan import Options
    from deployer.pipeline import Request

    options = Options(endpoint=endpoint, overrides=overrides, prune=prune, allow=allow)
    return Request(project=project, env=env, options=options)
