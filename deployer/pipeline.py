"""The whole program on one page: load -> observe -> plan -> apply, and the plans of rollback and destroy.

specs + env file --load_project--> desired --.
                                              >-- make_plan --> Plan --> apply --> Outcome
workspace --------observe--------> live -----'

Four types represent a plan. `Plan` holds the steps. `Planned`, below, is a Plan with its inputs and its workspace.
`PlanView` is a Plan for display, without secrets; `plan --out` writes it to a file. `SavedPlan` is what `apply PLAN`
reads from that file, to compare it with a new plan.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from deployer.applying.apply import apply as apply_plan
from deployer.applying.payload import smoke_body
from deployer.applying.tools import Tools, Watcher
from deployer.authoring import load_env, load_project, project_secrets, uploaded_files
from deployer.authoring.answer_schema import unlike
from deployer.checkout import commit_of
from deployer.core.errors import Refused, WorkspaceError
from deployer.core.intent import Intent, Origins
from deployer.core.outcome import Outcome
from deployer.core.plan import Plan, Step
from deployer.core.plan_options import Allow, Options
from deployer.core.redaction import mask_of
from deployer.core.resources import Ref, State, endpoint_ref
from deployer.core.workspace import Wanted, Workspace
from deployer.planning.adoption import with_adoptions
from deployer.planning.autoscale import settings_to_delete, with_live_counts, with_peak_noted, without_unread
from deployer.planning.commits import with_commit_noted, writes_deployments
from deployer.planning.digest import with_digest
from deployer.planning.earlier import earlier_assets, with_also, with_earlier_noted
from deployer.planning.numbering import numbered, with_numbered
from deployer.planning.pins import (
    busy_resources,
    orphans,
    wanted,
    with_pinned_references,
    without_deleting,
)
from deployer.planning.quota import with_quota_note
from deployer.planning.reconcile import reconcile
from deployer.planning.review import Case, Purpose
from deployer.planning.revisions import (
    NO_REVISIONS,
    Revisions,
    find_revisions,
    intent_for,
    origins_for,
    rolled_back,
    with_holds_noted,
    with_revisions,
    with_revisions_noted,
)
from deployer.planning.rollback import earlier_traffic, traffic_to
from deployer.planning.rollout import with_tests_and_stages
from deployer.planning.safety import findings
from deployer.planning.verdicts import owing_endpoints
from deployer.workspaces import Listener, Request, open_workspace

if TYPE_CHECKING:
    from deployer.authoring.desired import Desired


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, its inputs, and its workspace."""

    project: Path
    desired: Desired
    live: State
    plan: Plan
    workspace: Workspace

    @property
    def is_local(self) -> bool:
        """Whether the plan is for the local workspace."""
        return self.desired.env.workspace is None


# --- load, observe, plan ------------------------------------------------------------------------------------------


def plan(request: Request, listener: Listener, *, wait: bool = False) -> Planned:
    """The plan that makes the workspace match the specs. Raises SpecError, WorkspaceError.

    Resources that are in no spec any more are orphans; pruning deletes them. With `wait`, planning waits for operations
    in progress; otherwise the plan is based on the current state.
    """
    desired, live, workspace = _load_and_observe(request, listener, wait=wait)
    desired, revisions = in_revisions(desired, live, request.options.allow)
    left = orphans(
        desired.state, live, desired.env.project, request.options.endpoint, revisions.kept | revisions.surplus
    )
    deletes = frozenset(left) if request.options.prune else frozenset[Ref]()
    made = make_plan(desired, live, deletes=deletes, left=left, options=request.options, revisions=revisions)
    if writes_deployments(made.steps):  # git takes its time in a large repository
        made = replace(made, steps=with_commit_noted(made.steps, commit_of(request.project)))
    return Planned(project=request.project, desired=desired, live=live, plan=made, workspace=workspace)


def plan_rollback(request: Request, listener: Listener, *, to: str = "") -> Planned:
    """The plan that restores the traffic from before the last change, in one step, because rollback must be quick.

    With `to`, the traffic goes to that revision instead. Its facts are live, so that broken specs do not stop it. It
    concerns one endpoint, or all of the project.
    """
    from deployer.authoring.desired import Desired

    env, name = load_env(request.project, request.env), request.options.endpoint.lower()
    listener.acting_on(env, project_secrets(request.project, request.env))
    workspace = open_workspace(env, request.project, listener)
    live = workspace.observe(Wanted(endpoints=frozenset([name] if name else []), project="" if name else env.project))
    names = [name] if name else live.endpoints()
    earlier = traffic_to(to, names, live) if to else earlier_traffic(names, live)
    desired = Desired(env=env, state=earlier, intent=Intent(), origins=Origins())
    made = make_plan(desired, live, purpose=Purpose.ROLLBACK)
    return Planned(project=request.project, desired=desired, live=live, plan=made, workspace=workspace)


def plan_destroy(request: Request, listener: Listener) -> Planned:
    """The plan that deletes all endpoints in the specs."""
    desired, live, workspace = _load_and_observe(request, listener)
    refs = frozenset(map(endpoint_ref, desired.state.endpoints())) & live.resources.keys()
    nothing = replace(desired, state=State(), intent=replace(desired.intent, rollouts={}, smoke_tests={}))
    made = make_plan(nothing, live, deletes=refs, options=request.options, purpose=Purpose.DESTROY)
    return Planned(project=request.project, desired=nothing, live=live, plan=made, workspace=workspace)


def make_plan(
    desired: Desired,
    live: State,
    *,
    deletes: frozenset[Ref] = frozenset(),
    left: tuple[Ref, ...] = (),
    options: Options = Options(),  # noqa: B008 -- frozen
    purpose: Purpose = Purpose.APPLY,
    revisions: Revisions = NO_REVISIONS,
) -> Plan:
    """Desired and live state -> a plan: ordered steps, findings and digest. Pure."""
    desired = replace(desired, state=without_unread(desired.state, live))
    writes = _writes(desired, live, deletes, revisions, adopts=_adopts(options, purpose))
    owing = owing_endpoints(live, desired.env.project, options.allow)
    staged = map(with_quota_note, with_tests_and_stages(writes, live, desired.intent, owing))
    steps = _with_holds(staged, revisions, live, purpose)
    case = Case(
        project=desired.env.project,
        desired=desired.state,
        live=live,
        steps=steps,
        intent=desired.intent,
        origins=desired.origins,
        allow=options.allow,
        outside=options.outside,
        purpose=purpose,
        is_local=desired.env.workspace is None,
        revisions=revisions,
    )
    made = Plan(
        env=desired.env.name,
        project=desired.env.project,
        steps=steps,
        unchanged=tuple(sorted(desired.state.resources.keys() - {step.ref for step in writes})),
        orphans=left,
        findings=findings(case),
        held=tuple(sorted(revisions.held)),
        options=options,
    )
    return with_digest(made, desired.state, mask_of(desired.secrets).value)


def _adopts(options: Options, purpose: Purpose) -> bool:
    return Allow.ADOPT in options.allow and purpose is Purpose.APPLY


def _writes(
    desired: Desired, live: State, deletes: frozenset[Ref], revisions: Revisions, *, adopts: bool
) -> tuple[Step, ...]:
    """What has to be written, with what it notes of earlier content and of revisions; `adopts` endpoints if asked."""
    ignored, goes = desired.intent.ignored, deletes | revisions.surplus
    goes |= settings_to_delete(desired.state, live, goes, revisions, desired.env.project)
    writes = reconcile(desired.state, live, ignored=ignored, deletes=goes, origins=desired.origins)
    writes = with_revisions_noted(with_earlier_noted(writes, live), revisions, live)
    writes = with_peak_noted(writes, desired.state)
    return with_adoptions(writes, desired.state, live, desired.env.project) if adopts else writes


def _with_holds(steps: Iterable[Step], revisions: Revisions, live: State, purpose: Purpose) -> tuple[Step, ...]:
    """The steps with what they note of content that is rolled back."""
    match purpose:
        case Purpose.APPLY:
            return with_holds_noted(steps, revisions, live)
        case Purpose.ROLLBACK:
            return tuple(rolled_back(step, live) for step in steps)
        case Purpose.DESTROY:
            return tuple(steps)
    assert_never(purpose)


def _load_and_observe(request: Request, listener: Listener, *, wait: bool = False) -> tuple[Desired, State, Workspace]:
    """The desired state with references resolved, the live state, and the workspace."""
    options = request.options
    desired = load_project(
        request.project,
        request.env,
        endpoint=options.endpoint,
        overrides=options.overrides,
        outside=tuple(map(Path, options.outside)),
    )
    listener.acting_on(desired.env, desired.secrets)
    workspace = open_workspace(desired.env, request.project, listener)
    asked = wanted(desired.state, desired.env.project, desired.drafts)
    live = without_deleting(_observe_settled(workspace, asked, listener) if wait else workspace.observe(asked))
    versions = numbered(desired.drafts, live)
    places = {item.ref: draft.places for item, draft in zip(versions, desired.drafts, strict=True)}
    origins = desired.origins.also(places)
    pinned = with_pinned_references(with_numbered(desired.state, versions), live)
    earlier = earlier_assets(pinned, live)
    known = with_also(live, workspace.observe(earlier)) if earlier else live
    return replace(desired, state=pinned, origins=origins, drafts=()), known, workspace


def in_revisions(desired: Desired, live: State, allow: frozenset[Allow]) -> tuple[Desired, Revisions]:
    """The desired state with revisions in place of the deployments that declare them, and which these are. Pure."""
    revisions = find_revisions(desired.state, live, desired.intent, allow)
    state, intent = with_revisions(desired.state, revisions, live), intent_for(desired.intent, revisions)
    state = with_live_counts(state, revisions, live)
    return replace(desired, state=state, intent=intent, origins=origins_for(desired.origins, revisions)), revisions


def _observe_settled(workspace: Workspace, asked: Wanted, listener: Listener) -> State:
    """The live state after operations in progress have ended: `read` waits for them."""
    live = workspace.observe(asked)
    busy = busy_resources(live, asked.endpoints)
    for ref in busy:
        listener.waiting_for(ref)
        workspace.read(ref)
    return workspace.observe(asked) if busy else live


# --- apply --------------------------------------------------------------------------------------------------------


def refuse_blocked(planned: Planned) -> None:
    """Raise Refused if the plan has blocking findings."""
    if count := len(planned.plan.blockers):
        raise Refused(f"the plan is refused: {count} finding{'s' if count > 1 else ''} above must be resolved first")


def apply(planned: Planned, *, watcher: Watcher, pause: Callable[[float], bool], minutes: float = math.inf) -> Outcome:
    """Carry out a plan, beginning no step after so many minutes.

    Raises Refused before writing anything if the plan has blocking findings.
    """
    refuse_blocked(planned)
    tools = Tools(
        workspace=planned.workspace,
        body=partial(smoke_body, planned.project),
        unlike=unlike,
        watcher=watcher,
        now=time.monotonic,
        wall=time.time,
        pause=pause,
        stopping=partial(pause, 0),
        until=time.monotonic() + 60 * minutes,
    )
    return apply_plan(planned.plan, tools)


def scoring_uris(planned: Planned, outcome: Outcome) -> dict[str, str]:
    """The scoring URIs of the endpoints in a plan; {} after a failure. Errors of the workspace are ignored."""
    touched = sorted({step.ref.endpoint for step in planned.plan.steps if step.ref.endpoint}) if outcome.ok else []
    found: dict[str, str] = {}
    for name in touched:
        with suppress(WorkspaceError):
            live = planned.workspace.read(endpoint_ref(name))
            found |= {name: live.seen.scoring_uri} if live else {}
    return found


def uploads(planned: Planned) -> dict[str, Mapping[str, int]]:
    """The files of each local folder that a plan refers to, with their sizes in bytes."""
    after = [step.after for step in planned.plan.steps if step.after]
    folders = {source for resource in after for source in resource.sources.values()}
    return {source: uploaded_files(planned.project / source) for source in sorted(folders)}
