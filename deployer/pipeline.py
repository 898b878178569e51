"""load -> observe -> plan -> apply: the whole program on one page.

specs + env file --load_project--> desired --.
                                              >-- plan_of --> Plan --> review --> carry_through --> Outcome
workspace ---------observe-------> live -----'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.applying.apply import apply
from deployer.applying.step import Tools
from deployer.authoring import EnvFile, load_project
from deployer.azureml import connect
from deployer.core.errors import Refused
from deployer.core.outcome import Outcome
from deployer.core.plan import Options, Plan
from deployer.core.resources import Ref, State
from deployer.core.workspace import Wanted, Workspace
from deployer.local import start
from deployer.planning.digest import seal
from deployer.planning.pins import orphans, pinned, staying, under_way, wanted
from deployer.planning.quota import with_quota
from deployer.planning.reconcile import make_plan
from deployer.planning.review import Allowed, Case
from deployer.planning.rollout import gated
from deployer.planning.safety import findings
from deployer.report.redaction import mask_of

if TYPE_CHECKING:
    from deployer.authoring import Desired


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asked for on the command line."""

    project: Path
    env: str
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, and what it was made from."""

    desired: Desired
    live: State
    plan: Plan
    workspace: Workspace


def make_planned(request: Request, *, waiting: Callable[[Ref], None] | None = None) -> Planned:
    """Specs to a reviewed-to-be plan; nothing is written. Raises SpecError, WorkspaceError.

    What somebody is changing right now is planned on as it shows; with `waiting`, which is told of each such resource,
    it is waited for first.
    """
    options = request.options
    desired = load_project(request.project, request.env, endpoint=options.endpoint, overrides=options.overrides)
    workspace = open_workspace(desired.env, request.project)
    live = _observed(workspace, wanted(desired.state, desired.env.project), waiting)
    desired = replace(desired, state=pinned(desired.state, live))
    return Planned(desired=desired, live=live, plan=plan_of(desired, live, options), workspace=workspace)


def _observed(workspace: Workspace, asked: Wanted, waiting: Callable[[Ref], None] | None) -> State:
    live = workspace.observe(asked)
    busy = under_way(live, asked.endpoints) if waiting else ()
    for ref in busy:
        if waiting:
            waiting(ref)
        workspace.read(ref)
    return staying(workspace.observe(asked) if busy else live)


def open_workspace(env: EnvFile, project: Path) -> Workspace:
    """The workspace an env file names; the local one is started when it does not run."""
    if env.workspace is not None:
        return connect(env.workspace, project=env.project, root=project)
    where, server = start(project)
    return connect(where, project=env.project, root=project, local=server)


def plan_of(desired: Desired, live: State, options: Options) -> Plan:
    """The plan of the specs; what left them is listed, and deleted when pruning was asked for."""
    left = orphans(desired.state, live, desired.env.project, options.endpoint)
    doomed = frozenset(left) if options.prune else frozenset[Ref]()
    allow = options.allow
    allowed = Allowed(outage="outage" in allow, adopt="adopt" in allow, deletes="deletes" in allow)
    return replace(plan_to(desired, live, allowed, doomed, left), options=options)


def plan_to(
    desired: Desired, live: State, allowed: Allowed, doomed: frozenset[Ref], left: tuple[Ref, ...] = ()
) -> Plan:
    """Desired and live to a plan with its findings and its seal. Pure."""
    intent = desired.intent
    writes = make_plan(desired.state, live, ignored=intent.ignored, doomed=doomed, origins=desired.origins)
    steps = tuple(with_quota(step) for step in gated(writes, live, intent))
    case = Case(
        project=desired.env.project,
        desired=desired.state,
        live=live,
        steps=steps,
        intent=intent,
        origins=desired.origins,
        allowed=allowed,
    )
    plan = Plan(
        env=desired.env.name,
        project=desired.env.project,
        steps=steps,
        unchanged=tuple(sorted(desired.state.resources.keys() - {step.ref for step in writes})),
        orphans=left,
        findings=findings(case),
    )
    return seal(plan, mask_of(desired.secrets).value)


def carry_through(plan: Plan, tools: Tools) -> Outcome:
    """Apply a plan. Raises Refused, before anything is written, when a finding forbids it."""
    if plan.blockers:
        count = len(plan.blockers)
        raise Refused(f"the plan is refused: {count} finding{'s' if count > 1 else ''} above must be resolved first")
    return apply(plan, tools)
