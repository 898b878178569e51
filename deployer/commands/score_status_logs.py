"""score, status, logs and keys: query deployed services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deployer.applying.payload import image_body, request_body
from deployer.applying.score_requests import ask_patiently, measure
from deployer.commands.console import Console
from deployer.core.errors import UsageError
from deployer.core.workspace import Answer
from deployer.report.answers import keys_text, measurement_json, measurement_text, score_json, score_text, scored
from deployer.report.live_table import status_text
from deployer.workspaces import Request, live_deployment, observe_status, open_endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests to send: bodies, total number, concurrency, and deployment ("": any); `json` is the output format."""

    images: Sequence[Path]
    requests: Sequence[Path]
    deployment: str
    repeat: int
    concurrency: int
    json: bool


def score(request: Request, load: Load, console: Console) -> int:
    """Send requests to the endpoint and show the answers; exit 1 if any request fails."""
    bodies = [image_body(file) for file in load.images] + [request_body(file) for file in load.requests]
    if not bodies:
        raise UsageError("there is nothing to score", hint="Name a picture with --image or a JSON file with --request.")
    workspace, endpoint = open_endpoint(request, console)
    deployment = live_deployment(workspace, endpoint, load.deployment).name if load.deployment else ""

    def ask(body: bytes) -> Answer:
        return ask_patiently(lambda: workspace.score(endpoint, body, deployment=deployment))

    if load.repeat > 1 or load.concurrency > 1:
        found = measure(
            ask, bodies, repeat=load.repeat, concurrency=load.concurrency, progress=console.with_progress_bar
        )
        text = measurement_text(found, concurrency=load.concurrency, color=console.color)
        console.out(measurement_json(found, concurrency=load.concurrency) if load.json else text)
        return 1 if found.errors else 0
    results = [scored(ask(body), secrets=console.secrets) for body in bodies]
    for result in results:
        console.out(score_json(result) if load.json else score_text(result, color=console.color))
    return 0 if all(result.ok for result in results) else 1


def status(request: Request, console: Console) -> int:
    """Show the live state: endpoints, their deployments and traffic, and the results of smoke tests."""
    seen = observe_status(request, console)
    console.tell(status_text(seen.live, seen.names, seen.standings, color=console.color))
    return 0


def logs(request: Request, deployment: str, container: str, tail: int, console: Console) -> int:
    """Print the last lines of a deployment's container."""
    workspace, endpoint = open_endpoint(request, console)
    console.out(workspace.logs(live_deployment(workspace, endpoint, deployment), container, tail))
    return 0


def keys(request: Request, show_secrets: bool, console: Console) -> int:
    """Print the keys of an endpoint, truncated unless `show_secrets`."""
    workspace, endpoint = open_endpoint(request, console)
    primary, secondary = workspace.keys(endpoint)
    console.out(keys_text(primary, secondary, show_secrets=show_secrets))
    return 0
