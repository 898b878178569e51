"""The command line: what can be typed, and the exit codes. The bodies are imported when a command is called.

Exit codes: 0 nothing to do or applied; 1 invalid or failed; 2 changes pending; 3 refused as unsafe, stale or not ours;
4 stopped in time (`apply --max-minutes`); 64 usage; 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Collection

import click
from click.core import ParameterSource

from deployer.cli import changes, live, specs
from deployer.commands.console import Console
from deployer.commands.options import debug_option
from deployer.commands.running import run
from deployer.commands.streams import make_safe

COMMANDS = (
    *(changes.plan, changes.apply, changes.drift, changes.destroy, changes.rollback),
    *(live.status, live.history, live.score, live.logs, live.keys, live.open_, live.doctor),
    *(specs.init, specs.validate, specs.render, specs.diff, specs.schema, specs.explain, specs.import_, specs.local),
)


@click.group(commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="azureml-deployer", prog_name="deployer")
@click.option("--env", "-e", envvar="DEPLOYER_ENV", help="The env of the command that follows.")
@click.option("--project", help="The project folder of the command that follows.")
@click.option("--endpoint", help="The endpoint of the command that follows.")
@debug_option
@click.pass_context
def cli(context: click.Context, /, **place: str | None) -> None:
    """Declarative deployments for Azure ML online endpoints."""
    context.obj = context.obj or Console()
    given = {option: value for option, value in place.items() if value is not None}
    _check_takes(context, given)
    context.default_map = {name: given for name in cli.commands}


def _check_takes(context: click.Context, given: Collection[str]) -> None:
    """Raise click.UsageError if an option before a command is none of that command. DEPLOYER_ENV may stand anywhere."""
    command = cli.commands.get(context.invoked_subcommand or "")
    takes = {item.name for item in command.params} if command else set(given)
    typed = {name for name in given if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    for option in sorted(typed - takes):
        raise click.UsageError(f"`{context.invoked_subcommand}` takes no --{option}", context)


def main() -> None:
    """Run a command and leave with its exit code."""
    make_safe()
    sys.exit(run(cli, sys.argv[1:]))
