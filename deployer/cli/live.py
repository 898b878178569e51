"""Commands on what is live: status, history, score, logs, keys, open and doctor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deployer.commands.console import Console
from deployer.commands.options import place_options

if TYPE_CHECKING:
    from deployer.workspaces import Request


@click.command()
@place_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def history(console: Console, request: Request, as_json: bool) -> int:
    """List the deployments of the endpoints with their revisions: content, model, when, by whom, and verdict.

    Example: deployer history --env prod
    """
    from deployer.commands.history import history as show

    return show(request, console, as_json=as_json)


@click.command()
@click.argument("given", required=False, metavar="[BODY]")
@place_options
@click.option("--image", "images", multiple=True, type=click.Path(path_type=Path), help="A picture to score.")
@click.option("--request", "requests", multiple=True, type=click.Path(path_type=Path), help="A JSON file to send.")
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A further header, as for curl.")
@click.option("--deployment", default="", help="Send to this deployment, whatever the traffic split.")
@click.option("--repeat", type=click.IntRange(1), default=1, help="Send this many requests and print statistics.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=1, help="Number of concurrent requests.")
@click.option("--curl", is_flag=True, help="Send nothing: print a command for curl that does.")
@click.option("--python", is_flag=True, help="Send nothing: print a program in Python that does.")
@click.option("--openapi", is_flag=True, help="Send nothing: print the OpenAPI description of what it takes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def score(console: Console, /, request: Request, as_json: bool, **load: Any) -> int:
    """Send a picture or JSON to the endpoint, fetching its key first. BODY is JSON, a file, or - for what is piped in.

    Example: deployer score --image data/seven.png
    """
    from deployer.commands import score as command

    return command.score(request, command.Load(json=as_json, **load), console)


@click.command()
@place_options
@click.option("--all", is_flag=True, help="All endpoints of the workspace, whosever they are.")
@click.option("--watch", is_flag=True, help="Show it again whenever it changes, until it is interrupted.")
@click.option("--json", is_flag=True, help="Print JSON; with --watch a line for each change.")
@click.option(
    "--metrics",
    type=click.IntRange(1, 1440),
    metavar="MINUTES",
    help="Also what callers got in the last so many minutes: requests, errors and latencies.",
)
@click.pass_obj
def status(console: Console, /, request: Request, **looking: Any) -> int:
    """Show what is live: endpoints, deployments and traffic.

    Example: deployer status --env prod
    """
    from deployer.commands import status as command

    return command.status(request, command.Looking(**looking), console)


@click.command()
@click.argument("deployment", required=False)
@place_options
@click.option(
    "--container",
    type=click.Choice(["inference-server", "storage-initializer"]),
    default="inference-server",
    show_default=True,
    help="Whose lines to print.",
)
@click.option("--tail", type=click.IntRange(1), default=100, show_default=True, help="Number of lines to print.")
@click.option("--since", default="", metavar="TIME", help="Only lines since then: 30s, 10m, 2h, 1d, or a time.")
@click.option("--follow", "-f", is_flag=True, help="Go on with new lines, until it is interrupted.")
@click.option("--all", is_flag=True, help="Those of every deployment of the endpoint.")
@click.option("--json", is_flag=True, help="Print a line of JSON for each line: deployment, time and text.")
@click.pass_obj
def logs(console: Console, /, request: Request, **reading: Any) -> int:
    """Print the last lines that a deployment's container logged.

    Example: deployer logs blue --tail 20
    """
    from deployer.commands import logs as command

    return command.logs(request, command.Reading(**reading), console)


@click.command()
@place_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def doctor(console: Console, request: Request, as_json: bool) -> int:
    """Look whether this machine and this account can do what the other commands need, and say what to do if not.

    Example: deployer doctor --env dev
    """
    from deployer.commands.doctor import doctor as look

    return look(request, console, as_json=as_json)


@click.command("open")
@place_options
@click.option("--print", "only_print", is_flag=True, help="Print the address, and open nothing.")
@click.pass_obj
def open_(console: Console, request: Request, only_print: bool) -> int:
    """Open the page of the endpoint in a browser: in Azure ML studio, or that of the local workspace.

    Example: deployer open --env dev
    """
    from deployer.commands.open_page import open_page

    return open_page(request, console, only_print=only_print)


@click.command()
@place_options
@click.option("--show-secrets", is_flag=True, help="Print the keys in full.")
@click.option(
    "--print",
    "alone",
    type=click.Choice(["primary", "secondary", "token"]),
    help="Print one key in full and nothing else, for scripts; token is what the authentication mode asks for.",
)
@click.option("--rotate", type=click.Choice(["primary", "secondary"]), help="Replace this key by a new one.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--json", is_flag=True, help="Print JSON.")
@click.pass_obj
def keys(console: Console, /, request: Request, **wish: Any) -> int:
    """Show the keys of an endpoint, or replace one of them.

    Example: deployer keys --endpoint digits
    """
    from deployer.commands import keys as command

    return command.keys(request, command.Wish(**wish), console)
