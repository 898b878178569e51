"""The commands of the local workspace: up, down, status, reset, fault, serve. Exit codes: 0, 1 trouble, 64 usage."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from deployer.local_workspace.command_errors import CommandError, one_sentence
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
        with one_sentence(f"do `{options.command}`"):
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
            _say(options, {"ended": ended}, "local workspace ended" if ended else "local workspace is not running")
        case "status":
            return _status(options, home)
        case "reset":
            background.forget(home)
            _say(options, {"reset": True}, f"local workspace ended and emptied: {home.root}")
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
        text = "runs but does not answer; `down` ends it" if hung else "is not running; `up` starts it"
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
    parser.add_argument("--root", help="its folder, usually PROJECT/.deployer/local")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="deployer local", description="An Azure ML workspace on this machine.")
    _anywhere(parser)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    for name, text in {
        "up": "start it in the background, if it does not run",
        "down": "end it",
        "status": "say whether it runs",
        "reset": "end it and remove all it keeps",
        "serve": "run it in the foreground",
        "fault": "lay faults on it",
    }.items():
        command = commands.add_parser(name, help=text, description=text)
        if name in ("up", "serve"):
            help_text = "let operations take this much of the time they take in Azure (0: none, 1: all)"
            command.add_argument("--realistic", type=float, default=0.0, metavar="FACTOR", help=help_text)
            command.add_argument("--new-ports", action="store_true", help="draw two new ports")
        if name == "serve":
            command.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
        if name == "fault":
            _fault_arguments(command)
    return parser


def _fault_arguments(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, parser_class=_Parser)
    add = actions.add_parser("add", help="lay a fault on requests")
    add.add_argument("--method", help="regular expression the whole method has to match")
    add.add_argument("--path", help="regular expression found in the path")
    add.add_argument("--count", type=int, help="how many requests it meets (all)")
    add.add_argument("--delay-ms", type=int)
    add.add_argument("--reset", action="store_true", default=None, help="cut the connection")
    add.add_argument("--status", type=int, help="answer with this status")
    add.add_argument("--retry-after", type=int, metavar="SECONDS")
    add.add_argument("--operation", choices=("fail", "hang", "cancel"), help="what becomes of the operation started")
    add.add_argument("--code", help="error code of the answer or the operation")
    add.add_argument("--message")
    add.add_argument("--stale", action="store_true", default=None, help="read what stood there before the last write")
    actions.add_parser("list", help="the faults laid")
    actions.add_parser("clear", help="take all faults, quota and token life times away; hanging operations go on")
    quota = actions.add_parser("quota", help="limit the cores of VM families")
    quota.add_argument("limits", nargs="+", metavar="FAMILY=CORES")
    tokens = actions.add_parser("tokens", help="life of endpoint tokens")
    tokens.add_argument("--lifetime", type=int, metavar="SECONDS")
    tokens.add_argument("--expire", action="store_true", default=None, help="end all tokens given out so far")


if __name__ == "__main__":
    sys.exit(main())
