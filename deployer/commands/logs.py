"""logs: print what the containers of deployments wrote, once or as it comes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from deployer.commands.console import Console, stoppable
from deployer.core.errors import UsageError
from deployer.core.redaction import Mask, mask_of
from deployer.core.resources import Ref
from deployer.core.workspace import Workspace
from deployer.report.log_lines import labelled, lines_since, log_json, new_lines
from deployer.workspaces import Request, live_deployment, live_deployments, open_endpoint

INTERVAL = 2.0
"""Seconds between two looks with --follow: every look is one request for each deployment."""
MANY = 5000
"""How many lines are asked for when more than the last few are looked through."""
_SPAN = re.compile(r"(\d+)(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Which lines to print: of one deployment ("" with `all`: of every one), the last `tail`, those since a time.

    With `json`, each one is an object.
    """

    deployment: str | None
    container: str
    tail: int
    all: bool = False
    follow: bool = False
    since: str = ""
    json: bool = False


def logs(request: Request, reading: Reading, console: Console) -> int:
    """Print lines of one container of a deployment, or of every deployment; with `follow` until it is interrupted."""
    if bool(reading.deployment) == reading.all:
        raise UsageError("say whose lines to print", hint="Name one deployment, or pass --all.")
    since = _since(reading.since) if reading.since else None
    workspace, endpoint = open_endpoint(request, console)
    refs = _refs(workspace, endpoint, reading)
    look = partial(_look, workspace, reading, since, mask_of(console.secrets))
    seen = {ref: look(ref) for ref in refs}
    for ref, lines in seen.items():
        _print(ref, lines if since else lines[-reading.tail :], reading, console)
    with stoppable() as pause:
        while reading.follow and not pause(INTERVAL):
            for ref, before in seen.items():
                seen[ref] = look(ref)
                _print(ref, new_lines(before, seen[ref]), reading, console)
    return 0


def _refs(workspace: Workspace, endpoint: str, reading: Reading) -> Sequence[Ref]:
    if reading.deployment:
        return [live_deployment(workspace, endpoint, reading.deployment)]
    return live_deployments(workspace, endpoint)


def _look(workspace: Workspace, reading: Reading, since: datetime | None, mask: Mask, ref: Ref) -> list[str]:
    """The lines of a deployment, with secrets masked."""
    tail = max(reading.tail, MANY) if since or reading.follow else reading.tail
    lines = mask(workspace.logs(ref, reading.container, tail)).splitlines()
    return lines_since(lines, since) if since else lines


def _print(ref: Ref, lines: Sequence[str], reading: Reading, console: Console) -> None:
    if not lines:
        return
    if reading.json:
        console.out("\n".join(log_json(ref.name, lines)))
    else:
        console.out("\n".join(labelled(ref.name, lines) if reading.all else lines))


def _since(text: str) -> datetime:
    """The time that `10m`, or a time in ISO 8601, means. Raises UsageError for anything else."""
    if found := _SPAN.fullmatch(text):
        return datetime.now(UTC) - timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        hint = "Write it as 30s, 10m, 2h, 1d or 2026-01-31T12:00:00Z."
        raise UsageError(f"--since {text} is no time", hint=hint) from error
    return said if said.tzinfo else said.replace(tzinfo=UTC)
