"""score: send requests to an endpoint, or print how to send them from anywhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deployer.applying.payload import STDIN, From, Source, body_of, source_of
from deployer.applying.score_requests import ask_patiently, measure
from deployer.commands.console import Console
from deployer.commands.hints import as_typed
from deployer.core.errors import DeployerError, UsageError
from deployer.core.intent import OWN_HEADERS
from deployer.core.redaction import mask_of
from deployer.core.resources import endpoint_ref
from deployer.core.workspace import Answer, Workspace
from deployer.report.answers import measurement_json, measurement_text, score_json, score_text, scored
from deployer.report.snippets import Call, curl, python
from deployer.workspaces import Request, certificate_of, live_deployment, open_endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests to send: bodies, further headers ("Name: value"), total number, and how many at once.

    `deployment` is the one to ask ("": any), and `json` the output format.

    With `curl`, `python` or `openapi` nothing is sent.
    """

    given: str | None
    images: Sequence[Path]
    requests: Sequence[Path]
    headers: Sequence[str]
    deployment: str
    repeat: int
    concurrency: int
    json: bool
    curl: bool = False
    python: bool = False
    openapi: bool = False


def score(request: Request, load: Load, console: Console) -> int:
    """Send requests to the endpoint and show the answers; exit 1 if any request fails."""
    if load.openapi:
        return _show_openapi(request, load, console)
    sources = list(_sources(load))
    if not sources:
        hint = "Name a picture with --image or a JSON file with --request, or pass JSON as it is."
        raise UsageError("there is nothing to score", hint=hint)
    if load.curl or load.python:
        return _show_call(request, load, sources, console)
    headers = _headers(load.headers)
    bodies = [body_of(source) for source in sources]
    workspace, endpoint = open_endpoint(request, console)
    deployment = live_deployment(workspace, endpoint, load.deployment).name if load.deployment else ""

    def ask(body: bytes) -> Answer:
        return ask_patiently(lambda: workspace.score(endpoint, body, deployment=deployment, headers=headers))

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


def _headers(given: Sequence[str]) -> Mapping[str, str]:
    """Headers by name. Raises UsageError for one without a name, or one that the deployer sets itself."""
    pairs = [(name.strip(), value.strip()) for name, _, value in (text.partition(":") for text in given)]
    for name, _ in pairs:
        if not re.fullmatch(r"[A-Za-z0-9-]+", name) or name.lower() in OWN_HEADERS:
            raise UsageError(f"--header cannot set {name!r}", hint="Write it as --header 'Content-Type: text/plain'.")
    return {name.title(): value for name, value in pairs}


def _sources(load: Load) -> Iterator[Source]:
    yield from ([source_of(load.given)] if load.given else [])
    yield from (Source(kind=From.IMAGE, name=str(file)) for file in load.images)
    for file in map(str, load.requests):
        yield Source(kind=From.STDIN) if file == STDIN else Source(kind=From.FILE, name=file)


def _show_call(request: Request, load: Load, sources: Sequence[Source], console: Console) -> int:
    """Print how to send one request. Raises UsageError for more, since a snippet sends one."""
    if len(sources) > 1 or load.repeat > 1 or load.concurrency > 1 or (load.curl and load.python):
        raise UsageError("one snippet sends one request", hint="Name one body, and either --curl or --python.")
    workspace, endpoint = open_endpoint(request, console)
    call = Call(
        uri=_address(workspace, endpoint),
        source=sources[0],
        token_command=as_typed(" keys --print token", console.context),
        deployment=live_deployment(workspace, endpoint, load.deployment).name if load.deployment else "",
        headers=_headers(load.headers),
        ca_file=_from_here(certificate_of(request)),
    )
    console.out(curl(call) if load.curl else python(call))
    return 0


def _show_openapi(request: Request, load: Load, console: Console) -> int:
    """Print what a deployment says that it takes and gives. Raises DeployerError if it does not say."""
    workspace, endpoint = open_endpoint(request, console)
    deployment = live_deployment(workspace, endpoint, load.deployment).name if load.deployment else ""
    answer = workspace.openapi(endpoint, deployment=deployment)
    if answer.status != 200:
        hint = "`deployer logs --all` may show why; a scoring script describes itself with inference-schema."
        raise DeployerError(f"endpoint {endpoint} has no description: it answered {answer.status}", hint=hint)
    console.out(mask_of(console.secrets)(answer.body.decode(errors="replace")))
    return 0


def _address(workspace: Workspace, endpoint: str) -> str:
    live = workspace.read(endpoint_ref(endpoint))
    if live is None or not live.seen.scoring_uri:
        raise DeployerError(f"endpoint {endpoint} has no address yet", hint="Create it with `deployer apply`.")
    return live.seen.scoring_uri


def _from_here(file: Path | None) -> str:
    return os.path.relpath(file) if file else ""
