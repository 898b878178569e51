"""history: the deployments of endpoints with their revisions."""

from __future__ import annotations

from deployer.commands.console import Console
from deployer.report.history_table import history_json, history_text
from deployer.workspaces import Request, observe_status


def history(request: Request, console: Console, *, as_json: bool = False) -> int:
    """Show what is live of each deployment, newest first."""
    seen = observe_status(request, console)
    if as_json:
        console.out(history_json(seen.live, seen.names, seen.standings))
        return 0
    console.tell(history_text(seen.live, seen.names, seen.standings, color=console.color))
    return 0
