"""The whole program on one page: load -> observe -> plan -> apply, and the two ways to take back: roll back, destroy.

specs + env file --load_project--> desired --.
                                              >-- make_plan --> Plan --> apply --> Outcome
workspace --------observe--------> live -----'

Four types are about a plan. `Plan` is what will be done, as a value. `Planned`, below, is a Plan with what it was made
from and where it is to be applied. `PlanView` is a Plan as it is shown, without secrets; `plan --out` writes it to a
file. `SavedPlan` is what `apply PLAN` reads of that file, to compare it with the plan made at that moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from deployer.applying.apply import apply as apply_plan
from deployer.applying.payload import smoke_body
from deployer.applying.step import Tools, Watcher
from deployer.authoring import EnvFile, load_env, load_project, uploaded_files
from deployer.azureml import connect
from deployer.core.errors import Refused, UsageError, WorkspaceError
from deployer.core.outcome import Outcome
from deployer.core.plan import Plan
from deployer.core.plan_options import Options
from deployer.core.resources import Ref, State, endpoint_ref
from deployer.core.workspace import Wanted, Workspace
from deployer.local import start
from deployer.planning.digest import with_digest
from deployer.planning.pins import (
    busy_resources,
    orphans,
    wanted,
    with_pinned_references,
    without_deleting,
)
from deployer.planning.quota import with_quota_note
from deployer.planning.reconcile import reconcile
from deployer.planning.review import Case
from deployer.planning.rollback import earlier_traffic
from deployer.planning.rollout import with_tests_and_stages
from deployer.planning.safety import findings
from deployer.report.redaction import mask_of

if TYPE_CHECKING:
    from deployer.authoring.desired import Desired


class Listener(Protocol):
    """Whoever asked, while the program is at work."""

    def keep_secret(self, values: frozenset[str]) -> None:
        """These values must not be shown from now on."""

    def waiting_for(self, ref: Ref) -> None:
        """Somebody else is changing this resource; planning goes on when that has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asked for on the command line: which project and env, and the options of a plan."""

    project: Path
    env: str
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, what it was made from, and the workspace it is for."""

    project: Path
    desired: Desired
    live: State
    plan: Plan
    workspace: Workspace

    @property
    def is_local(self) -> bool:
        """Whether it is for the local workspace."""
        return self.desired.env.workspace is None


# --- load, observe, plan ------------------------------------------------------------------------------------------


def plan(request: Request, listener: Listener, *, wait: bool = False) -> Planned:
    """What has to be written so that the workspace is as the specs say. Raises SpecError, WorkspaceError.

    What left the specs is listed as orphans, and deleted when pruning was asked for. With `wait`, changes
    that somebody else has under way are waited for; otherwise the plan is made on what shows of them.
    """
    desired, live, workspace = _load_and_observe(request, listener, wait=wait)
    left = orphans(desired.state, live, desired.env.project, request.options.endpoint)
    deletes = frozenset(left) if request.options.prune else frozenset[Ref]()
    made = make_plan(desired, live, deletes=deletes, left=left, options=request.options)
    return Planned(project=request.project, desired=desired, live=live, plan=made, workspace=workspace)


def plan_rollback(request: Request, listener: Listener) -> Planned:
    """What has to be written so that traffic is as it was before its last change: at once, going back must be quick."""
    desired, live, workspace = _load_and_observe(request, listener)
    earlier = _at_once(desired, earlier_traffic(desired.state.endpoints(), live))
    made = make_plan(earlier, live)
    return Planned(project=request.project, desired=earlier, live=live, plan=made, workspace=workspace)


def plan_destroy(request: Request, listener: Listener) -> Planned:
    """What has to be deleted so that none of the endpoints of the specs is left."""
    desired, live, workspace = _load_and_observe(request, listener)
    refs = frozenset(map(endpoint_ref, desired.state.endpoints())) & live.resources.keys()
    nothing = _at_once(desired, State())
    made = make_plan(nothing, live, deletes=refs, destroying=True)
    return Planned(project=request.project, desired=nothing, live=live, plan=made, workspace=workspace)


def _at_once(desired: Desired, state: State) -> Desired:
    """The same env with another desired state, to be reached without stages and smoke tests."""
    return replace(desired, state=state, intent=replace(desired.intent, rollouts={}, smoke_tests={}))


def make_plan(
    desired: Desired,
    live: State,
    *,
    deletes: frozenset[Ref] = frozenset(),
    left: tuple[Ref, ...] = (),
    options: Options = Options(),  # noqa: B008 -- frozen
    destroying: bool = False,
) -> Plan:
    """Desired and live state to a reviewed plan: its steps in order, the findings about them, its digest. Pure."""
    intent = desired.intent
    writes = reconcile(desired.state, live, ignored=intent.ignored, deletes=deletes, origins=desired.origins)
    steps = tuple(with_quota_note(step) for step in with_tests_and_stages(writes, live, intent))
    case = Case(
        project=desired.env.project,
        desired=desired.state,
        live=live,
        steps=steps,
        intent=intent,
        origins=desired.origins,
        allow=options.allow,
        destroying=destroying,
    )
    made = Plan(
        env=desired.env.name,
        project=desired.env.project,
        steps=steps,
        unchanged=tuple(sorted(desired.state.resources.keys() - {step.ref for step in writes})),
        orphans=left,
        findings=findings(case),
        options=options,
    )
    return with_digest(made, mask_of(desired.secrets).value)


def _load_and_observe(request: Request, listener: Listener, *, wait: bool = False) -> tuple[Desired, State, Workspace]:
    """What the specs ask for, its references resolved; what is live; and the workspace it is live in."""
    options = request.options
    desired = load_project(request.project, request.env, endpoint=options.endpoint, overrides=options.overrides)
    listener.keep_secret(desired.secrets)
    workspace = open_workspace(desired.env, request.project)
    asked = wanted(desired.state, desired.env.project)
    live = without_deleting(_observe_settled(workspace, asked, listener) if wait else workspace.observe(asked))
    return replace(desired, state=with_pinned_references(desired.state, live)), live, workspace


def _observe_settled(workspace: Workspace, asked: Wanted, listener: Listener) -> State:
    """What is live once nobody changes it any more: `read` waits for that."""
    live = workspace.observe(asked)
    busy = busy_resources(live, asked.endpoints)
    for ref in busy:
        listener.waiting_for(ref)
        workspace.read(ref)
    return workspace.observe(asked) if busy else live


# --- apply --------------------------------------------------------------------------------------------------------


def refuse_blocked(planned: Planned) -> None:
    """Raise Refused when a finding forbids the plan."""
    if count := len(planned.plan.blockers):
        raise Refused(f"the plan is refused: {count} finding{'s' if count > 1 else ''} above must be resolved first")


def apply(planned: Planned, *, watcher: Watcher, pause: Callable[[float], bool]) -> Outcome:
    """Carry a plan out. Raises Refused, before anything is written, when a finding forbids it."""
    refuse_blocked(planned)
    tools = Tools(
        workspace=planned.workspace,
        body=partial(smoke_body, planned.project),
        watcher=watcher,
        now=time.monotonic,
        pause=pause,
        stopping=partial(pause, 0),
    )
    return apply_plan(planned.plan, tools)


def scoring_uris(planned: Planned, outcome: Outcome) -> dict[str, str]:
    """Where the endpoints that were written to answer now. A workspace in trouble is not asked: the outcome counts."""
    touched = sorted({step.ref.endpoint for step in planned.plan.steps if step.ref.endpoint}) if outcome.ok else []
    found: dict[str, str] = {}
    for name in touched:
        with suppress(WorkspaceError):
            live = planned.workspace.read(endpoint_ref(name))
            found |= {name: live.seen.scoring_uri} if live else {}
    return found


def uploads(planned: Planned) -> dict[str, Mapping[str, int]]:
    """The files of each local folder that a plan would upload, with their sizes in bytes."""
    after = [step.after for step in planned.plan.steps if step.after]
    folders = {source for resource in after for source in resource.sources.values()}
    return {source: uploaded_files(planned.project / source) for source in sorted(folders)}


# --- the workspace ------------------------------------------------------------------------------------------------


def open_workspace(env: EnvFile, project: Path) -> Workspace:
    """The workspace an env file names; the local one is started when it does not run."""
    if env.workspace is not None:
        return connect(env.workspace, project=env.project, root=project)
    where, server = start(project)
    return connect(where, project=env.project, root=project, local=server)


def open_endpoint(request: Request, listener: Listener) -> tuple[Workspace, str]:
    """The workspace, and the endpoint that is meant: the one named, or the only one of the specs."""
    if name := request.options.endpoint:
        return open_workspace(load_env(request.project, request.env), request.project), name.lower()
    desired = load_project(request.project, request.env)
    listener.keep_secret(desired.secrets)
    names = desired.state.endpoints()
    if len(names) != 1:
        raise UsageError(
            f"the specs declare {len(names)} endpoints",
            hint=f"Choose one with --endpoint. Declared: {', '.join(names) or 'none'}.",
        )
    return open_workspace(desired.env, request.project), names[0]


def observe_endpoints(request: Request, listener: Listener) -> tuple[State, frozenset[str]]:
    """What is live of the endpoint named, else of all endpoints of the specs; and their names."""
    desired = load_project(request.project, request.env)
    listener.keep_secret(desired.secrets)
    name = request.options.endpoint.lower()
    names = frozenset([name] if name else desired.state.endpoints())
    live = open_workspace(desired.env, request.project).observe(Wanted(endpoints=names, project=desired.env.project))
    return live, names
