"""The command line of the local workspace. Exit codes: 0 done, 1 failed, 64 wrong usage, 130 interrupted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from deployer.local_workspace.command_errors import CommandError, os_errors_explained
from deployer.local_workspace.commands import background, fault_command
from deployer.local_workspace.files.paths import Home

Command = Callable[..., Any]


@dataclass(slots=True)
class Asked:
    """What --root and --json said, which may stand anywhere, so that another program can add them to any command."""

    root: Path | None = None
    json: bool = False

    @property
    def home(self) -> Home:
        """The folder of the local workspace. Raises click.UsageError without one."""
        if self.root is None:
            raise click.UsageError("--root is missing: the folder of its state, usually PROJECT/.deployer/local")
        return Home(root=self.root.absolute())

    def say(self, as_json: object, text: str) -> None:
        """Print a result in one of two ways."""
        print(json.dumps(as_json) if self.json else text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with os_errors_explained(f"`{next((word for word in words if not word.startswith('-')), 'local')}`"):
            code = group.main(words, prog_name="deployer local", standalone_mode=False, obj=Asked())
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except click.UsageError as error:
        error.show()
        return 64
    except (click.Abort, KeyboardInterrupt):
        return 130
    return code if isinstance(code, int) else 0


def _anywhere(command: Command) -> Command:
    """--root and --json."""
    text = "Folder of the local workspace, usually PROJECT/.deployer/local."
    folder = click.Path(path_type=Path)
    command = click.option("--json", is_flag=True, expose_value=False, callback=_note, help="Print JSON.")(command)
    return click.option("--root", type=folder, expose_value=False, callback=_note, help=text)(command)


def _note(context: click.Context, option: click.Parameter, value: Any) -> None:
    asked = context.find_object(Asked)
    if not value or asked is None:
        return
    if option.name == "root":
        asked.root = value
    else:
        asked.json = True


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@_anywhere
def group() -> None:
    """An Azure ML workspace on this machine."""


def _serving(command: Command) -> Command:
    """--realistic and --new-ports."""
    text = "Share of Azure's own durations that operations take: 0 for none, 1 for all."
    command = click.option("--new-ports", is_flag=True, help="Pick two new ports.")(command)
    return click.option("--realistic", type=float, default=0.0, metavar="FACTOR", help=text)(command)


@group.command()
@_anywhere
@_serving
@click.pass_obj
def up(asked: Asked, realistic: float, new_ports: bool) -> None:
    """Start the local workspace in the background, unless it is running.

    Example: deployer local up --realistic 0.1
    """
    options = ["--realistic", str(realistic), *(["--new-ports"] if new_ports else [])]
    found, fresh = background.start(asked.home, options)
    asked.say(found, f"local workspace {'started' if fresh else 'is running'}: {_line(found)}")


@group.command()
@_anywhere
@click.option("--all", "everywhere", is_flag=True, help="Stop all local workspaces of yours.")
@click.pass_obj
def down(asked: Asked, everywhere: bool) -> None:
    """Stop the local workspace.

    Example: deployer local down
    """
    if everywhere:
        _end_all(asked)
        return
    ended = background.stop(asked.home)
    asked.say({"ended": ended}, "local workspace stopped" if ended else "local workspace is not running")


def _end_all(asked: Asked) -> None:
    from deployer.local_workspace.commands.everywhere import end, running

    number = end(running())
    asked.say({"ended": number}, f"{number} local workspace{'' if number == 1 else 's'} stopped")


@group.command()
@_anywhere
@click.pass_obj
def status(asked: Asked) -> int:
    """Say whether the local workspace is running, and where its page is.

    Example: deployer local status
    """
    found = background.alive(asked.home)
    if found is None:
        hung = background.is_held(asked.home.lock)
        text = "is running but does not respond; stop it with `down`" if hung else "is not running; start it with `up`"
        asked.say({"running": False}, f"local workspace {text}")
        return 1
    asked.say(found | {"running": True}, f"local workspace is running: {_line(found)}")
    return 0


@group.command("list")
@_anywhere
@click.pass_obj
def list_(asked: Asked) -> None:
    """List all running local workspaces of yours, also those of deleted folders.

    Example: deployer local list
    """
    from deployer.local_workspace.commands.everywhere import running, size_of

    found = [(each, size_of(each.root)) for each in running()]
    known = [{"pid": each.pid, "root": str(each.root), "bytes": size, "deleted": each.is_gone} for each, size in found]
    lines = "\n".join(each.line(size) for each, size in found)
    asked.say({"running": known}, lines or "no local workspace is running")


@group.command()
@_anywhere
@click.pass_obj
def prune(asked: Asked) -> None:
    """Delete the environments that were built for deployments; `up` builds again what is needed.

    Example: deployer local prune
    """
    from deployer.local_workspace.commands import everywhere

    home = asked.home
    freed = everywhere.prune(home)
    asked.say({"bytes": freed}, f"{freed / 1_000_000:,.0f} MB of environments removed: {home.environments}")


@group.command()
@_anywhere
@click.pass_obj
def reset(asked: Asked) -> None:
    """Stop the local workspace and delete everything it stores.

    Example: deployer local reset
    """
    background.forget(asked.home)
    asked.say({"reset": True}, f"local workspace stopped, and its state removed: {asked.home.root}")


@group.command()
@_anywhere
@_serving
@click.option("--ready-fd", type=int, hidden=True)
@click.pass_obj
def serve(asked: Asked, realistic: float, new_ports: bool, ready_fd: int | None) -> int:
    """Run the local workspace in the foreground.

    Example: deployer local serve
    """
    from deployer.local_workspace.commands.foreground import run

    return run(asked.home, realistic=realistic, new_ports=new_ports, ready_fd=ready_fd)


@group.group()
@_anywhere
def fault() -> None:
    """Make the local workspace misbehave on purpose.

    Example: deployer local fault list
    """


@fault.command()
@_anywhere
@click.option("--method", help="Regular expression that the whole method must match.")
@click.option("--path", help="Regular expression to search for in the path.")
@click.option("--count", type=int, help="Number of requests to affect (default: all).")
@click.option("--delay-ms", type=int, help="Wait this long before handling the request.")
@click.option("--reset", is_flag=True, default=None, help="Reset the connection instead of answering.")
@click.option("--status", type=int, help="Answer with this status.")
@click.option("--retry-after", type=int, metavar="SECONDS", help="Value of the header Retry-After.")
@click.option(
    "--operation",
    type=click.Choice(["fail", "hang", "cancel"]),
    help="What happens to the operation that the request starts.",
)
@click.option("--code", help="Error code of the answer or the operation.")
@click.option("--message", help="Message of the error.")
@click.option("--stale", is_flag=True, default=None, help="Read the state from before the last write.")
@click.option("--overlap", is_flag=True, default=None, help="Accept a PUT during another operation; the last one wins.")
@click.option("--metrics", type=click.Choice(["late", "missing", "zero"]), help="What is wrong with values of metrics.")
@click.pass_obj
def add(asked: Asked, /, **wanted: Any) -> None:
    """Inject a fault into requests.

    Example: deployer local fault add --method PUT --status 503 --count 2
    """
    _show(fault_command.add(asked.home, wanted))


@fault.command("list")
@_anywhere
@click.pass_obj
def list_faults(asked: Asked) -> None:
    """List the faults.

    Example: deployer local fault list
    """
    _show(fault_command.faults(asked.home))


@fault.command()
@_anywhere
@click.pass_obj
def clear(asked: Asked) -> None:
    """Remove all faults, quotas and token lifetimes; hanging operations continue.

    Example: deployer local fault clear
    """
    _show(fault_command.clear(asked.home))


@fault.command()
@_anywhere
@click.argument("limits", nargs=-1, required=True, metavar="FAMILY=CORES...")
@click.pass_obj
def quota(asked: Asked, limits: tuple[str, ...]) -> None:
    """Limit the cores of VM families.

    Example: deployer local fault quota standardDSv2Family=8
    """
    _show(fault_command.limit(asked.home, limits))


@fault.command()
@_anywhere
@click.option("--lifetime", type=int, metavar="SECONDS", help="How long new tokens are valid.")
@click.option("--expire", is_flag=True, default=None, help="Expire all tokens issued so far.")
@click.pass_obj
def tokens(asked: Asked, /, **wanted: Any) -> None:
    """Set the lifetime of endpoint tokens.

    Example: deployer local fault tokens --lifetime 60
    """
    _show(fault_command.tokens(asked.home, wanted))


def _line(found: dict[str, Any]) -> str:
    return f"API {found['api']}, page {found['page']}, process {found['pid']}"


def _show(value: object) -> None:
    print(json.dumps(value, indent=2))


if __name__ == "__main__":
    sys.exit(main())
