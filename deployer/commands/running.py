"""Run a command: its exit code, and errors as one message."""

from __future__ import annotations

import os

import click

from deployer.commands.console import Console
from deployer.core.errors import as_deployer_error

USAGE = 64
INTERRUPTED = 130


def run(group: click.Group, arguments: list[str]) -> int:
    """Run one command line; the exit code. Set DEPLOYER_TRACEBACK=1 to see where an error came from."""
    console = Console()
    try:
        code = group.main(arguments, standalone_mode=False, obj=console)
    except click.UsageError as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:  # of click's own output: help, and the version
        return 0
    except Exception as error:
        console.error(as_deployer_error(error))
        if os.environ.get("DEPLOYER_TRACEBACK"):
            raise
        return as_deployer_error(error).exit_code
    return code if isinstance(code, int) else 0
