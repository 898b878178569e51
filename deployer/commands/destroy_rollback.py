"""destroy and rollback: what takes something back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deployer.commands.console import Console
from deployer.commands.plan_apply_drift import run
from deployer.core.errors import DeployerError, Refused
from deployer.core.resources import Kind, Ref, Resource, State, Status, share_map, traffic_ref
from deployer.pipeline import Planned, Request, make_planned, plan_to
from deployer.planning.review import Allowed
from deployer.report.plan_view import plan_view
from deployer.report.terminal import plan_text


def destroy(request: Request, typed: str, console: Console) -> int:
    """Delete the endpoints of the specs with all their deployments, after their names were typed."""
    planned = make_planned(request)
    console.secrets = planned.desired.secrets
    names = [name for name in planned.desired.state.endpoints() if name in planned.live.endpoints()]
    if not names:
        console.out("Nothing to destroy: no endpoint of these specs exists.")
        return 0
    refs = frozenset(item.ref for item in planned.live.of_kind(Kind.ENDPOINT) if item.ref.endpoint in names)
    planned = _replanned(planned, State(), deletes=refs)
    _show(planned, console)
    wanted = " ".join(names)
    if typed != wanted and not console.typed(f"Type {wanted!r} to delete with all deployments:", wanted):
        console.err("Nothing was deleted.")
        return 1
    return run(planned, request, console)


def rollback(request: Request, yes: bool, console: Console) -> int:
    """Put the traffic back as it was before its last change."""
    planned = make_planned(request)
    console.secrets = planned.desired.secrets
    wishes = [_before(planned.live, name) for name in planned.desired.state.endpoints()]
    known = [wish for wish in wishes if wish]
    if not known:
        raise DeployerError("no earlier split is on record", hint="It is kept from the second change of traffic on.")
    planned = _replanned(planned, State(resources={wish.ref: wish for wish in known}))
    _show(planned, console)
    if planned.plan.is_empty:
        return 0
    local = planned.desired.env.workspace is None
    if not (yes or local) and not console.typed("Put this traffic back? Only 'yes' is accepted:", "yes"):
        console.err("Nothing was changed.")
        return 1
    return run(planned, request, console)


def _before(live: State, endpoint: str) -> Resource | None:
    """The traffic of an endpoint as the bookkeeping tags remember it; deployments that are gone make it impossible."""
    traffic = live.get(traffic_ref(endpoint))
    split: Mapping[str, int] = (traffic.status or Status()).previous_split if traffic else {}
    if not traffic or not split:
        return None
    if gone := sorted(split.keys() - {item.ref.name for item in live.deployments(endpoint)}):
        raise Refused(f"the earlier split of endpoint {endpoint} needs {', '.join(gone)}, which is deleted")
    mirror = {name: share for name, share in share_map(traffic, "mirror_traffic").items() if name not in split}
    return replace(traffic, fields={"traffic": dict(split), "mirror_traffic": mirror}, status=None)


def _replanned(planned: Planned, state: State, deletes: frozenset[Ref] = frozenset()) -> Planned:
    """The same endpoints with another wish; no rollout, since going back must be quick."""
    intent = replace(planned.desired.intent, rollouts={}, smoke_tests={})
    desired = replace(planned.desired, state=state, intent=intent)
    return replace(
        planned, desired=desired, plan=plan_to(desired, planned.live, Allowed(destroy=bool(deletes)), deletes)
    )


def _show(planned: Planned, console: Console) -> None:
    view = plan_view(planned.plan, secrets=console.secrets)
    console.out(plan_text(view, color=console.color))
