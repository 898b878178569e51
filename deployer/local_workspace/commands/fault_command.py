"""The command `fault`: calls the admin routes of the running server."""

from __future__ import annotations

import argparse
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

from deployer.local_workspace.command_errors import CommandError
from deployer.local_workspace.commands.background import alive
from deployer.local_workspace.files.paths import Home

_MEMBERS = (
    "method",
    "path",
    "count",
    "delay_ms",
    "reset",
    "status",
    "retry_after",
    "operation",
    "code",
    "message",
    "stale",
    "overlap",
    "metrics",
)


def fault(home: Home, options: argparse.Namespace) -> Any:
    """Run one action; returns what the server answers."""
    match options.action:
        case "add":
            return _ask(home, "POST", "faults", _given(options, _MEMBERS))
        case "list":
            return _ask(home, "GET", "faults", None)
        case "clear":
            return _ask(home, "DELETE", "faults", None)
        case "quota":
            return _ask(home, "PUT", "quota", dict(_limit(text) for text in options.limits))
        case _:
            return _ask(home, "PUT", "tokens", _given(options, ["lifetime", "expire"]))


def _given(options: argparse.Namespace, names: Sequence[str]) -> dict[str, Any]:
    values = vars(options)
    return {name: values[name] for name in names if values[name] is not None}


def _limit(text: str) -> tuple[str, int]:
    family, _, cores = text.partition("=")
    if not family or not cores.isdecimal():
        raise CommandError(f"'{text}' is not FAMILY=CORES, such as standardDSv2Family=8")
    return family, int(cores)


def _ask(home: Home, method: str, what: str, body: object) -> Any:
    found = alive(home)
    if found is None:
        raise CommandError("the local workspace is not running; start it with `up`")
    content = None if body is None else json.dumps(body).encode()
    headers = {"x-local-admin-key": home.admin_key.read_text()}
    request = urllib.request.Request(f"{found['api']}/admin/{what}", content, headers, method=method)  # noqa: S310
    trusted = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(home.ca)))
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), trusted)
    try:
        with direct.open(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise CommandError(str(json.load(error).get("error"))) from error
