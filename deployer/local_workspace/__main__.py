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
    options = _parser().parse_args(rest, anywhere)
    if options.root is None:
        _parser().error("--root is missing: the folder of the local workspace, usually PROJECT/.deployer/local")
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
        case "down":
            ended = background.stop(home)
            _say(options, {"ended": ended}, "local workspace stopped" if ended else "local workspace is not running")
        case "status":
            return _status(options, home)
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


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="deployer local", description="An Azure ML workspace on this machine.")
    _anywhere(parser)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    for name, text in {
        "up": "start it in the background unless it is running",
        "down": "stop it",
        "status": "show whether it is running",
        "reset": "stop it and remove all its state",
        "serve": "run it in the foreground",
        "fault": "inject faults, and limit quota and tokens",
    }.items():
        command = commands.add_parser(name, help=text, description=text)
        if name in ("up", "serve"):
            help_text = "share of Azure's own durations that operations take: 0 for none, 1 for all"
            command.add_argument("--realistic", type=float, default=0.0, metavar="FACTOR", help=help_text)
            command.add_argument("--new-ports", action="store_true", help="pick two new ports")
        if name == "serve":
            command.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
        if name == "fault":
            _fault_arguments(command)
    return parser


def _fault_arguments(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, parser_class=_Parser)
    add = actions.add_parser("add", help="inject a fault into requests")
    add.add_argument("--method", help="regular expression that the whole method must match")
    add.add_argument("--path", help="regular expression to search for in the path")
    add.add_argument("--count", type=int, help="number of requests to affect (default: all)")
    add.add_argument("--delay-ms", type=int, metavar="MS", help="wait this long before handling the request")
    add.add_argument("--reset", action="store_true", default=None, help="reset the connection instead of answering")
    add.add_argument("--status", type=int, help="answer with this HTTP status")
    add.add_argument("--retry-after", type=int, metavar="SECONDS", help="Retry-After header of that answer")
    add.add_argument(
        "--operation", choices=("fail", "hang", "cancel"), help="what happens to the operation that the request starts"
    )
    add.add_argument("--code", help="error code of the answer or of the operation")
    add.add_argument("--message", help="error message of the answer or of the operation")
    add.add_argument(
        "--stale", action="store_true", default=None, help="answer reads with the state before the last write"
    )
    actions.add_parser("list", help="list the active faults")
    actions.add_parser("clear", help="remove all faults, quota limits and token lifetimes; hanging operations continue")
    quota = actions.add_parser("quota", help="limit the cores of VM families")
    quota.add_argument("limits", nargs="+", metavar="FAMILY=CORES")
    tokens = actions.add_parser("tokens", help="set the lifetime of endpoint tokens")
    tokens.add_argument("--lifetime", type=int, metavar="SECONDS", help="lifetime of new tokens")
    tokens.add_argument("--expire", action="store_true", default=None, help="expire all tokens issued so far")


if __name__ == "__main__":
    sys.exit(main())
