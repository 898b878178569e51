"""Options shared by several commands, as decorators; most are combined into one `request`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from deployer.commands.console import Console
from deployer.core.plan_options import Allow, Options

Command = Callable[..., Any]

ALLOW_FLAGS: Mapping[Allow, tuple[str, str]] = {
    Allow.OUTAGE: ("--allow-outage", "Let an endpoint that serves traffic end up without any."),
    Allow.DELETES: ("--allow-deletes", "Let a plan delete a large part of the project."),
    Allow.ADOPT: ("--adopt", "Take over what was not created by this tool."),
    Allow.AGAIN: ("--again", "Try content again that failed its smoke test."),
}
"""The flag that lifts each refusal, and its help text."""


ENV_HELP = "Which specs/env/<env>.yml to use; DEPLOYER_ENV is the one to use without it."


def debug_option(command: Command) -> Command:
    """--debug, which shows the requests of the command that it belongs to or stands before."""
    text = "Show every request to Azure on stderr, without secrets."
    return click.option("--debug", is_flag=True, expose_value=False, callback=_show_requests, help=text)(command)


def _show_requests(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    console = context.find_object(Console)
    if wanted and console:
        context.with_resource(console.requests_shown())


def env_option(command: Command) -> Command:
    """--env, --project and --debug."""
    command = debug_option(command)
    folder = click.Path(path_type=Path)
    command = click.option("--project", type=folder, default=Path(), help="The project folder.")(command)
    env = click.option("--env", "-e", default="local", show_default=True, help=ENV_HELP)
    return env(command)


def env_is_ambient() -> bool:
    """Whether the env of the current command is that of DEPLOYER_ENV, and nobody typed one."""
    context = click.get_current_context()
    inherited = context.get_parameter_source("env") is ParameterSource.DEFAULT_MAP
    above = context.parent.get_parameter_source("env") if context.parent else None
    return inherited and above is ParameterSource.ENVIRONMENT


def format_option(*shapes: str, help: str) -> Callable[[Command], Command]:
    """--format as `shape`; the first of the shapes is the default."""
    choice = click.Choice(shapes)
    return click.option("--format", "shape", type=choice, default=shapes[0], show_default=True, help=help)


def set_option(command: Command) -> Command:
    """--set, which overrides a field or a variable, and --allow-outside, which lets specs name files elsewhere."""
    text = "Override a variable or field for this run: --set instance_count=3."
    command = click.option("--set", "overrides", multiple=True, metavar="A.B=C", help=text)(command)
    text = "Let specs name files in this folder outside the project."
    return click.option("--allow-outside", "outside", multiple=True, metavar="FOLDER", help=text)(command)


def place_options(command: Command) -> Command:
    """--env, --project and --endpoint as a `request`."""
    return _place(_as_request(command))


def spec_options(command: Command) -> Command:
    """--set and the options of `place_options` as a `request`."""
    return set_option(_place(_as_request(command)))


def plan_options(command: Command) -> Command:
    """All options that influence a plan, as a `request`; shared by `plan` and `apply`."""
    command = _place(_as_request(command))
    for allow, (flag, text) in ALLOW_FLAGS.items():
        command = click.option(flag, allow.value, is_flag=True, help=text)(command)
    text = "Delete what carries the project's tag but is in no spec."
    return set_option(click.option("--prune", is_flag=True, help=text)(command))


def minutes_option(command: Command) -> Command:
    """--max-minutes, after which no step begins."""
    text = "Begin no step after so many minutes, and exit with 4 if some are left; the next apply goes on."
    minutes = click.FloatRange(min=0, min_open=True)
    return click.option("--max-minutes", type=minutes, help=text)(command)


def outcome_option(command: Command) -> Command:
    """--json, for the outcome of what was done."""
    text = "Print the outcome as JSON."
    return click.option("--json", "shape", flag_value="json", default="text", help=text)(command)


def _place(command: Command) -> Command:
    return env_option(click.option("--endpoint", default="", help="Only this endpoint.")(command))


def _as_request(command: Command) -> Command:
    """The command, called with one `request` instead of the options that belong to it."""

    @wraps(command)
    def with_request(*arguments: object, env: str, project: Path, endpoint: str, **values: Any) -> object:
        from deployer.workspaces import Request  # late: `deployer --help` does not pay for it

        if console := click.get_current_context().find_object(Console):
            console.at(env=env, project=project, endpoint=endpoint)
        options = Options(
            endpoint=endpoint,
            overrides=values.pop("overrides", ()),
            outside=values.pop("outside", ()),
            prune=values.pop("prune", False),
            allow=frozenset(allow for allow in ALLOW_FLAGS if values.pop(allow.value, False)),
        )
        return command(*arguments, request=Request(project=project, env=env, options=options), **values)

    return with_request
