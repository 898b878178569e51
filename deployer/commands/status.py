"""status: what is live, once or as it changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from deployer.commands.console import Console, stoppable
from deployer.report.live_json import status_json
from deployer.report.live_table import status_text
from deployer.workspaces import Request, Status, watch_status

INTERVAL = 2.0
"""Seconds between two looks with --watch."""
_AGAIN = "\x1b[H\x1b[J"
"""Moves a terminal's cursor to the top, and clears what is below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """How to show the live state: of `all` endpoints of the workspace, as `json`, again with every change.

    `metrics` is of how many minutes to show what callers got, None for not at all.
    """

    all: bool = False
    json: bool = False
    watch: bool = False
    metrics: int | None = None


def status(request: Request, looking: Looking, console: Console) -> int:
    """Show the live state: endpoints, their deployments and traffic, and the results of smoke tests."""
    look = watch_status(request, console, everything=looking.all, minutes=looking.metrics or 0)
    if not looking.watch:
        seen = look()
        console.tell(_json(seen, indent=2) if looking.json else _text(seen, console))
        return 0
    with stoppable() as pause:
        _watch(look, looking, console, pause)
    return 0


def _watch(look: Callable[[], Status], looking: Looking, console: Console, pause: Callable[[float], bool]) -> None:
    """Print what is live whenever it has changed, as a line of JSON or anew, until a stop is requested."""
    before = ""
    while True:
        seen = look()
        now = _json(seen, indent=None)
        if now != before or console.color:
            clear = _AGAIN if console.color else ""
            console.out(now if looking.json else clear + _text(seen, console))
        before = now
        if pause(INTERVAL):
            return


def _text(seen: Status, console: Console) -> str:
    now = datetime.now(UTC)
    return status_text(
        seen.live,
        seen.names,
        seen.standings,
        project=seen.project,
        now=now,
        color=console.color,
        served=seen.served,
    )


def _json(seen: Status, *, indent: int | None) -> str:
    return status_json(seen.live, seen.names, seen.standings, indent=indent, served=seen.served)
