"""Commands that look at what is live: status, history, score, logs and keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deployer.commands.console import Console
from deployer.commands.options import (
    place_options,
)

if TYPE_CHECKING:
    from deployer.workspaces import Request


@click.command()
@place_options
@click.pass_obj
def status(console: Console, request: Request) -> int:
    """Show what is live: endpoints, deployments and traffic.

    Example: deployer status --env prod
    """
    from deployer.commands import score_status_logs

    return score_status_logs.status(request, console)


@click.command()
@place_options
@click.pass_obj
def history(console: Console, request: Request) -> int:
    """List the deployments of the endpoints with their revisions: content, model, when, by whom, and verdict.

    Example: deployer history --env prod
    """
    from deployer.commands.history import history as show

    return show(request, console)


@click.command()
@place_options
@click.option("--image", "images", multiple=True, type=click.Path(path_type=Path), help="A picture to score.")
@click.option("--request", "requests", multiple=True, type=click.Path(path_type=Path), help="A JSON file to send.")
@click.option("--deployment", default="", help="Send to this deployment, whatever the traffic split.")
@click.option("--repeat", type=click.IntRange(1), default=1, help="Send this many requests and print statistics.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=1, help="Number of concurrent requests.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def score(console: Console, /, request: Request, as_json: bool, **load: Any) -> int:
    """Send pictures or JSON files to the endpoint, fetching its key first.

    Example: deployer score --image data/seven.png
    """
    from deployer.commands import score_status_logs

    return score_status_logs.score(request, score_status_logs.Load(json=as_json, **load), console)


@click.command()
@click.argument("deployment")
@place_options
@click.option(
    "--container",
    type=click.Choice(["inference-server", "storage-initializer"]),
    default="inference-server",
    show_default=True,
    help="Whose lines to print.",
)
@click.option("--tail", type=click.IntRange(1), default=100, show_default=True, help="Number of lines to print.")
@click.pass_obj
def logs(console: Console, request: Request, deployment: str, container: str, tail: int) -> int:
    """Print the last lines that a deployment's container logged.

    Example: deployer logs blue --tail 20
    """
    from deployer.commands import score_status_logs

    return score_status_logs.logs(request, deployment, container, tail, console)


@click.command()
@place_options
@click.option("--show-secrets", is_flag=True, help="Print the keys in full.")
@click.pass_obj
def keys(console: Console, request: Request, show_secrets: bool) -> int:
    """Show the keys of an endpoint.

    Example: deployer keys --endpoint digits
    """
    from deployer.commands import score_status_logs

    return score_status_logs.keys(request, show_secrets, console)
