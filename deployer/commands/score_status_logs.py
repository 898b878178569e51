"""score, status, logs, keys: what asks a deployed service."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deployer.applying.payload import image_body, request_body
from deployer.authoring import load_env, load_project
from deployer.commands.console import Console
from deployer.core.errors import DeployerError, Unreachable, UsageError
from deployer.core.resources import Kind, deployment_ref
from deployer.core.statistics import Sample, summary
from deployer.core.workspace import Answer, Wanted, Workspace
from deployer.pipeline import open_workspace
from deployer.report.answers import measurement_json, measurement_text, score_json, score_text, scored
from deployer.report.live_table import status_text

TRIES = 4
RETRIED = frozenset({429, 503})
"""Too busy and not ready pass; a model's own error (424) does not, and asking again only costs it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which endpoint of which project in which env."""

    project: Path
    env: str
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How often to ask, and how many at once."""

    repeat: int = 1
    concurrency: int = 1
    json: bool = False


def _opened(place: Place, console: Console) -> tuple[Workspace, str]:
    """The workspace and the endpoint meant: the one named, or the only one of the specs."""
    if place.endpoint:
        return open_workspace(load_env(place.project, place.env), place.project), place.endpoint.lower()
    desired = load_project(place.project, place.env)
    console.secrets |= desired.secrets
    names = desired.state.endpoints()
    if len(names) != 1:
        raise UsageError(
            f"the specs hold {len(names)} endpoints",
            hint=f"Say which with --endpoint: {', '.join(names) or 'none there'}.",
        )
    return open_workspace(desired.env, place.project), names[0]


def score(
    place: Place, images: Sequence[Path], requests: Sequence[Path], deployment: str, load: Load, console: Console
) -> int:
    """Ask the endpoint and show what it answered; exit 1 when any answer is not a prediction."""
    bodies = [image_body(file) for file in images] + [request_body(file) for file in requests]
    if not bodies:
        raise UsageError("there is nothing to score", hint="Name a picture with --image or a JSON file with --request.")
    workspace, endpoint = _opened(place, console)

    def ask(body: bytes) -> Answer:
        return _patiently(lambda: workspace.score(endpoint, body, deployment=deployment.lower()))

    if load.repeat > 1 or load.concurrency > 1:
        return _measured(ask, bodies, load, console)
    results = [scored(ask(body), secrets=console.secrets) for body in bodies]
    for result in results:
        console.out(score_json(result) if load.json else score_text(result, color=console.color))
    return 0 if all(result.ok for result in results) else 1


def _patiently(ask: Callable[[], Answer]) -> Answer:
    """Ask again, a little later each time, while the data plane says it is busy."""
    for wait in (0.2, 0.5, 1.0):
        answer = ask()
        if answer.status not in RETRIED:
            return answer
        time.sleep(wait)
    return ask()


def _measured(ask: Callable[[bytes], Answer], bodies: Sequence[bytes], load: Load, console: Console) -> int:
    """Many requests, and the statistics over them."""
    work = [bodies[number % len(bodies)] for number in range(load.repeat)]
    started = time.perf_counter()
    with ThreadPoolExecutor(max_workers=load.concurrency) as pool:
        samples = list(console.counted(pool.map(lambda body: _sample(ask, body), work), len(work)))
    found = summary(samples, time.perf_counter() - started)
    if load.json:
        console.out(measurement_json(found, concurrency=load.concurrency))
    else:
        console.out(measurement_text(found, concurrency=load.concurrency, color=console.color))
    return 1 if found.errors else 0


def _sample(ask: Callable[[bytes], Answer], body: bytes) -> Sample:
    try:
        answer = ask(body)
    except Unreachable:
        return Sample(milliseconds=0.0, error="no answer")
    error = "" if answer.status == 200 else str(answer.status)
    return Sample(milliseconds=answer.milliseconds, deployment=answer.deployment, error=error)


def status(place: Place, console: Console) -> int:
    """What is live: endpoints, their deployments, who gets traffic."""
    desired = load_project(place.project, place.env)
    console.secrets |= desired.secrets
    names = frozenset([place.endpoint.lower()]) if place.endpoint else frozenset(desired.state.endpoints())
    live = open_workspace(desired.env, place.project).observe(Wanted(endpoints=names, project=desired.env.project))
    console.out(status_text(live, names, color=console.color))
    return 0


def logs(place: Place, deployment: str, container: str, tail: int, console: Console) -> int:
    """The last lines of a deployment's container."""
    workspace, endpoint = _opened(place, console)
    ref = deployment_ref(endpoint, deployment)
    if workspace.read(ref) is None:
        there = workspace.observe(Wanted(endpoints=frozenset([endpoint]))).of_kind(Kind.DEPLOYMENT)
        names = ", ".join(item.ref.name for item in there) or "none"
        raise DeployerError(f"endpoint {endpoint} has no deployment {deployment}", hint=f"It has: {names}.")
    console.out(workspace.logs(ref, container, tail))
    return 0


def keys(place: Place, show_secrets: bool, console: Console) -> int:
    """The keys of an endpoint, masked unless asked for."""
    workspace, endpoint = _opened(place, console)
    primary, secondary = workspace.keys(endpoint)
    shown = [
        key if show_secrets else f"{key[:4]}… ({len(key)} characters; --show-secrets)" for key in (primary, secondary)
    ]
    console.out(f"primary    {shown[0]}\nsecondary  {shown[1]}")
    return 0
