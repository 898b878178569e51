"""The workspace that a command acts on: which one, how it is opened, and what is live in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from deployer.authoring import EnvFile, load_env, load_project, project_secrets
from deployer.azureml import connect
from deployer.core.errors import DeployerError, UsageError
from deployer.core.metrics import Served, Span
from deployer.core.plan_options import Options
from deployer.core.resources import Kind, Ref, State
from deployer.core.workspace import Wanted, Workspace
from deployer.local import connection, local_root, start
from deployer.planning.gates import served
from deployer.planning.revisions import live_standings, named_revision
from deployer.planning.verdicts import Standing


class Listener(Protocol):
    """Receives events while the program works."""

    def acting_on(self, env: EnvFile, secrets: frozenset[str]) -> None:
        """The command acts on the workspace of this env; these values are to be masked from now on."""

    def waiting_for(self, ref: Ref) -> None:
        """Another operation is changing this resource; planning continues when it has ended."""

    def local_workspace_started(self) -> None:
        """The local workspace was not running, and has been started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request from the command line: project, env, and options of a plan."""

    project: Path
    env: str
    options: Options


def open_workspace(env: EnvFile, project: Path, listener: Listener) -> Workspace:
    """The workspace of an env; starts the local one unless it is running."""
    if env.workspace is not None:
        return connect(env.workspace, project=env.project, root=project)
    where, server = start(project, listener.local_workspace_started)
    return connect(where, project=env.project, root=project, local=server)


def is_local(request: Request) -> bool:
    """Whether the env of a request is that of the local workspace."""
    return load_env(request.project, request.env).workspace is None


def certificate_of(request: Request) -> Path | None:
    """The certificate authority of the running local workspace; None for Azure, whose certificates systems know."""
    if not is_local(request):
        return None
    return connection(local_root(request.project) / "connection.json")[1].ca_file


def page_of(request: Request, listener: Listener) -> str:
    """The address of the page of an endpoint; of the local workspace, which is started, its only page."""
    env = load_env(request.project, request.env)
    if env.workspace is None:
        listener.acting_on(env, frozenset())
        return start(request.project, listener.local_workspace_started)[1].page
    return env.workspace.studio(open_endpoint(request, listener)[1])


def open_endpoint(request: Request, listener: Listener) -> tuple[Workspace, str]:
    """The workspace, and the endpoint of a request: the one in its options, or the only one in the specs."""
    if name := request.options.endpoint:
        env = load_env(request.project, request.env)
        listener.acting_on(env, project_secrets(request.project, request.env))
        return open_workspace(env, request.project, listener), name.lower()
    desired = load_project(request.project, request.env)
    listener.acting_on(desired.env, desired.secrets)
    names = desired.state.endpoints()
    if len(names) != 1:
        raise UsageError(
            f"the specs declare {len(names)} endpoints",
            hint=f"Choose one with --endpoint. Declared: {', '.join(names) or 'none'}.",
        )
    return open_workspace(desired.env, request.project, listener), names[0]


def live_deployment(workspace: Workspace, endpoint: str, name: str) -> Ref:
    """The live deployment that a name means, which can be that of a deployment with revisions.

    Raises DeployerError if there is none.
    """
    live = workspace.observe(Wanted(endpoints=frozenset([endpoint])))
    ref = named_revision(name, endpoint, live)
    if live.get(ref) is None:
        names = ", ".join(item.ref.name for item in live.deployments(endpoint)) or "none"
        raise DeployerError(f"endpoint {endpoint} has no deployment {name}", hint=f"It has: {names}.")
    return ref


def live_deployments(workspace: Workspace, endpoint: str) -> list[Ref]:
    """The live deployments of an endpoint. Raises DeployerError if there is none."""
    live = workspace.observe(Wanted(endpoints=frozenset([endpoint])))
    found = [item.ref for item in live.deployments(endpoint)]
    if not found:
        raise DeployerError(f"endpoint {endpoint} has no deployment", hint="Create one with `deployer apply`.")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The live state of the endpoints `names` and of all with the project's tag, and how their deployments stand.

    `served` is what callers got from them, where that was asked for.
    """

    live: State
    names: frozenset[str]
    standings: Mapping[Ref, Standing]
    project: str
    served: Mapping[Ref, Served] = field(default_factory=dict)


def watch_status(
    request: Request, listener: Listener, *, everything: bool = False, minutes: int = 0
) -> Callable[[], Status]:
    """A look, to be repeated, at the live state of the requested endpoints, or of `everything` in the workspace.

    With `minutes`, also at what callers got meanwhile.
    """
    desired = load_project(request.project, request.env)
    listener.acting_on(desired.env, desired.secrets)
    name = request.options.endpoint.lower()
    names = frozenset([name] if name else desired.state.endpoints())
    workspace = open_workspace(desired.env, request.project, listener)
    wanted = Wanted(endpoints=names, project=desired.env.project, everything=everything)

    def look() -> Status:
        live = workspace.observe(wanted)
        standings = live_standings(live, desired.intent)
        seen = Status(live=live, names=names, standings=standings, project=desired.env.project)
        if not minutes:
            return seen
        grain = 60.0 if desired.env.workspace else 1.0
        return replace(seen, served=_served(workspace, live, minutes, grain))

    return look


def _served(workspace: Workspace, live: State, minutes: int, grain: float) -> Mapping[Ref, Served]:
    """What callers got from each live deployment until now, in whole grains of so many seconds."""
    end = time.time() // grain * grain
    span = Span(start=end - 60 * minutes, end=end, grain=grain)
    measured = {name: workspace.measured(name, span) for name in live.endpoints()}
    return {
        item.ref: served(item.ref.name, span, measured[item.ref.endpoint].get(item.ref.name, ()))
        for item in live.of_kind(Kind.DEPLOYMENT)
    }


def observe_status(request: Request, listener: Listener) -> Status:
    """The live state of the requested endpoints."""
    return watch_status(request, listener)()
