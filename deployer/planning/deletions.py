"""Checks of what a plan deletes or replaces: traffic, protection, other people's resources, number. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.plan import Action, Finding, Step
from deployer.core.plan_options import Allow
from deployer.core.resources import Kind, Resource, endpoint_ref, traffic_ref
from deployer.kinds import ASSETS, OWNED
from deployer.planning.facts import has_traffic, is_foreign, was_created, whose
from deployer.planning.reconcile import simulate
from deployer.planning.review import Case, Purpose

DELETES_WORTH_ASKING = 5
"""A plan with at least this many deletions, and more than a third of the owned resources, needs --allow-deletes."""


def deletes_of_serving(case: Case) -> Iterator[Finding]:
    """Deletions of what has traffic when its turn comes."""
    state = case.live
    for step in case.steps:
        traffic = state.get(traffic_ref(step.ref.endpoint))
        if step.action is Action.DELETE and has_traffic(step.ref, traffic) and not _may_end(step, case):
            yield Finding(
                code="delete-while-serving",
                summary=f"{step.ref} has live or mirrored traffic and would be deleted",
                detail=_way_to_delete(step),
                ref=step.ref,
                blocking=True,
            )
        state = simulate(state, step)


def _may_end(step: Step, case: Case) -> bool:
    """Whether a deletion may end the service of an endpoint: an intended outage, or `destroy`."""
    return step.ref.kind is Kind.ENDPOINT and (Allow.OUTAGE in case.allow or case.purpose is Purpose.DESTROY)


def _way_to_delete(step: Step) -> str:
    if step.ref.kind is Kind.ENDPOINT:
        return "Pass --allow-outage to delete it nevertheless, or --endpoint to prune another endpoint only."
    return (
        "Declare the `traffic` and `mirror_traffic` of its endpoint without it first; "
        "where nothing else can serve, that is `traffic: {}` with --allow-outage."
    )


def protected(case: Case) -> Iterator[Finding]:
    """Deletions below an endpoint with x-protect. One that was never created holds nothing to protect."""
    for step in case.steps:
        live = case.live.get(endpoint_ref(step.ref.endpoint))
        kept = step.ref.endpoint in case.intent.protected or (live and live.fields.get("x-protect") is True)
        if step.ref in case.revisions.surplus or step.ref.kind is Kind.AUTOSCALE:
            continue  # it goes with the rollout that replaced it, as its spec says, or comes back with `x-autoscale`
        if step.action is Action.DELETE and kept and not (live and not was_created(live, case.live)):
            yield Finding(
                code="protected",
                summary=f"{step.ref} is protected (x-protect: true)",
                detail="Apply the spec of its endpoint with x-protect: false first.",
                ref=step.ref,
                blocking=True,
            )


def others_resources(case: Case) -> Iterator[Finding]:
    """Deletions and replacements that take along what does not carry this project's tag."""
    for step in case.steps:
        for item in _lost(step, case) if step.action.removes else ():
            if is_foreign(item, case.project, case.allow):
                yield Finding(
                    code="deletes-others",
                    summary=f"{item.ref} would be deleted, and {whose(item)}",
                    detail=_way_round(item),
                    ref=item.ref,
                    origin=step.origin,
                    blocking=True,
                )


def _lost(step: Step, case: Case) -> Iterator[Resource]:
    """The deployments that a deletion loses: the one it deletes, or those of its endpoint."""
    lost = [step.ref, *step.takes]
    yield from (item for ref in lost if ref.kind is Kind.DEPLOYMENT and (item := case.live.get(ref)))


def _way_round(item: Resource) -> str:
    if item.seen.owner:
        return "Delete it from that project first."
    return "Delete it by other means first, or pass --adopt if it may go."


def many_deletes(case: Case) -> Iterator[Finding]:
    """A large part of the project: the usual cause is a wrong folder or env."""
    surplus = case.revisions.surplus
    gone = [step.ref for step in case.steps if step.action is Action.DELETE and step.ref not in surplus]
    deletes = [ref for ref in gone if ref.kind is not Kind.AUTOSCALE]
    owned = [ref for ref in case.live.resources if ref.kind in OWNED and ref.kind is not Kind.AUTOSCALE]
    if len(deletes) < DELETES_WORTH_ASKING or len(deletes) * 3 <= len(owned) or Allow.DELETES in case.allow:
        return
    if case.purpose is not Purpose.DESTROY:
        yield Finding(
            code="many-deletes",
            summary=f"{len(deletes)} of {len(owned)} endpoints and deployments would be deleted",
            detail="Pass --allow-deletes if this is intended.",
            blocking=True,
        )


def assets_stay(case: Case) -> Iterator[Finding]:
    """The registered versions that `destroy` leaves."""
    left = sorted(str(ref) for ref in case.live.resources if ref.kind in ASSETS)
    if case.purpose is Purpose.DESTROY and case.steps and left:
        yield Finding(
            code="assets-stay",
            summary=f"these versions stay registered: {', '.join(left)}",
            detail="Other endpoints may use them; `az ml model archive` and `az ml environment archive` hide them.",
        )
