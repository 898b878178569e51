"""The command line of the local workspace. Exit codes: 0 done, 1 failed, 64 wrong usage."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from deployer.local_workspace.command_errors import CommandError, os_errors_explained
from deployer.local_workspace.commands import background
from deployer.local_workspace.files.paths import Home


class _Parser(argparse.ArgumentParser):
    """argparse with the exit code for wrong usage that the rest of the program has."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(64, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command."""
    # --root and --json may stand anywhere, so that another program can append them to any command.
    anywhere, rest = _anywhere(_Parser(add_help=False, allow_abbrev=False)).parse_known_args(arguments)
    options = parser().parse_args(rest, anywhere)
    if options.root is None:
        parser().error("--root is missing: the folder of the local workspace, usually PROJECT/.deployer/local")
    home = Home(root=Path(options.root).absolute())
    try:
        with os_errors_explained(f"`{options.command}`"):
            return _run(options, home)
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace, home: Home) -> int:
    match options.command:
        case "up":
            found, fresh = background.start(home, _serve_options(options))
            _say(options, found, f"local workspace {'started' if fresh else 'is running'}: {_line(found)}")
        case "down" if options.all:
            from deployer.local_workspace.commands import everywhere

            number = everywhere.end(everywhere.running())
            _say(options, {"ended": number}, f"{number} local workspace{'' if number == 1 else 's'} stopped")
        case "down":
            ended = background.stop(home)
            _say(options, {"ended": ended}, "local workspace stopped" if ended else "local workspace is not running")
        case "status":
            return _status(options, home)
        case "list":
            return _list(options)
        case "prune":
            from deployer.local_workspace.commands import everywhere

            freed = everywhere.prune(home)
            _say(options, {"bytes": freed}, f"{freed / 1_000_000:,.0f} MB of environments removed: {home.environments}")
        case "reset":
            background.forget(home)
            _say(options, {"reset": True}, f"local workspace stopped, and its state removed: {home.root}")
        case "serve":
            from deployer.local_workspace.commands.foreground import run

            return run(home, realistic=options.realistic, new_ports=options.new_ports, ready_fd=options.ready_fd)
        case "fault":
            from deployer.local_workspace.commands.fault_command import fault

            _print(fault(home, options))
    return 0


def _status(options: argparse.Namespace, home: Home) -> int:
    found = background.alive(home)
    if found is None:
        hung = background.is_held(home.lock)
        text = "is running but does not respond; stop it with `down`" if hung else "is not running; start it with `up`"
        _say(options, {"running": False}, f"local workspace {text}")
        return 1
    _say(options, found | {"running": True}, f"local workspace is running: {_line(found)}")
    return 0


def _list(options: argparse.Namespace) -> int:
    from deployer.local_workspace.commands import everywhere

    found = [(each, everywhere.size_of(each.root)) for each in everywhere.running()]
    known = [{"pid": each.pid, "root": str(each.root), "bytes": size, "deleted": each.is_gone} for each, size in found]
    lines = "\n".join(each.line(size) for each, size in found)
    _say(options, {"running": known}, lines or "no local workspace is running")
    return 0


def _line(found: dict[str, Any]) -> str:
    return f"API {found['api']}, page {found['page']}, process {found['pid']}"


def _say(options: argparse.Namespace, as_json: dict[str, Any], text: str) -> None:
    print(json.dumps(as_json) if options.json else text)


def _print(value: object) -> None:
    print(json.dumps(value, indent=2))


def _serve_options(options: argparse.Namespace) -> list[str]:
    return ["--realistic", str(options.realistic), *(["--new-ports"] if options.new_ports else [])]


def _anywhere(parser: _Parser) -> _Parser:
    parser.add_argument("--root", help="folder of the local workspace, usually PROJECT/.deployer/local")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; each command's help ends in an example."""
    made = _Parser(prog="deployer local", description="An Azure ML workspace on this machine.")
    _anywhere(made)
    commands = made.add_subparsers(dest="command", required=True, parser_class=_Parser)
    for name, (text, example) in {
        "up": ("start the local workspace in the background, unless it is running", "up --realistic 0.1"),
        "down": ("stop the local workspace", "down"),
        "status": ("say whether the local workspace is running, and where its page is", "status"),
        "list": ("list all running local workspaces of yours, also those of deleted folders", "list"),
        "prune": ("delete the environments that were built for deployments; `up` builds again what is needed", "prune"),
        "reset": ("stop the local workspace and delete everything it stores", "reset"),
        "serve": ("run the local workspace in the foreground", "serve"),
        "fault": ("make the local workspace misbehave on purpose", "fault list"),
    }.items():
        command = commands.add_parser(name, help=text, description=text, epilog=_example(example))
        if name in ("up", "serve"):
            help_text = "share of Azure's own durations that operations take: 0 for none, 1 for all"
            command.add_argument("--realistic", type=float, default=0.0, metavar="FACTOR", help=help_text)
            command.add_argument("--new-ports", action="store_true", help="pick two new ports")
        if name == "down":
            command.add_argument("--all", action="store_true", help="stop all local workspaces of yours")
        if name == "serve":
            command.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
        if name == "fault":
            _fault_arguments(command)
    return made


def _example(words: str) -> str:
    return f"Example: deployer local {words}"


def _fault_arguments(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, parser_class=_Parser)
    add = _action(actions, "add", "inject a fault into requests", "fault add --method PUT --status 503 --count 2")
    add.add_argument("--method", help="regular expression that the whole method must match")
    add.add_argument("--path", help="regular expression to search for in the path")
    add.add_argument("--count", type=int, help="number of requests to affect (default: all)")
    add.add_argument("--delay-ms", type=int, help="wait this long before handling the request")
    add.add_argument("--reset", action="store_true", default=None, help="reset the connection instead of answering")
    add.add_argument("--status", type=int, help="answer with this status")
    add.add_argument("--retry-after", type=int, metavar="SECONDS", help="value of the header Retry-After")
    add.add_argument(
        "--operation", choices=("fail", "hang", "cancel"), help="what happens to the operation that the request starts"
    )
    add.add_argument("--code", help="error code of the answer or the operation")
    add.add_argument("--message", help="message of the error")
    add.add_argument("--stale", action="store_true", default=None, help="read the state from before the last write")
    add.add_argument(
        "--overlap", action="store_true", default=None, help="accept a PUT during another operation; the last one wins"
    )
    add.add_argument("--metrics", choices=("late", "missing", "zero"), help="what is wrong with the values of metrics")
    _action(actions, "list", "list the faults", "fault list")
    _action(
        actions, "clear", "remove all faults, quotas and token lifetimes; hanging operations continue", "fault clear"
    )
    quota = _action(actions, "quota", "limit the cores of VM families", "fault quota standardDSv2Family=8")
    quota.add_argument("limits", nargs="+", metavar="FAMILY=CORES")
    tokens = _action(actions, "tokens", "set the lifetime of endpoint tokens", "fault tokens --lifetime 60")
    tokens.add_argument("--lifetime", type=int, metavar="SECONDS", help="how long new tokens are valid")
    tokens.add_argument("--expire", action="store_true", default=None, help="expire all tokens issued so far")


def _action(
    actions: argparse._SubParsersAction[_Parser], name: str, text: str, example: str
) -> argparse.ArgumentParser:
    return actions.add_parser(name, help=text, description=text, epilog=_example(example))


if __name__ == "__main__":
    sys.exit(main())
