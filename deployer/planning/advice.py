"""Findings that do not refuse a plan: what its reviewer would want to be told. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import assert_never

from deployer.core.fields import Effect
from deployer.core.plan import Action, Finding, Step
from deployer.core.resources import BUSY_STATES, Kind, deployment_ref, is_failed
from deployer.kinds import OPERATED
from deployer.planning.review import Case


def advice(case: Case) -> Iterator[Finding]:
    """Every non-blocking finding."""
    for check in ADVICE:
        yield from check(case)


def _under_way(case: Case) -> Iterator[Finding]:
    for kind in OPERATED:
        for item in case.live.of_kind(kind):
            state = item.seen.provisioning_state
            if state in BUSY_STATES and item.ref in case.desired.resources:
                yield Finding(
                    code="under-way",
                    summary=f"{item.ref} is being changed right now ({state})",
                    detail="`deployer apply` waits until that has ended, and plans then.",
                    ref=item.ref,
                )


def _in_place(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        if not _updates_deployment(step) or not any(_renews(change.effect) for change in step.changes):
            continue
        share = case.live.split(step.ref.endpoint).get(step.ref.name, 0)
        if share:
            yield Finding(
                code="in-place-update",
                summary=f"{step.ref} carries {share} % of the traffic while it is updated in place",
                detail="A second deployment beside it could be tested before it gets traffic; this one cannot.",
                ref=step.ref,
                origin=step.origin,
            )


def _renews(effect: Effect) -> bool:
    """Whether a change puts new instances in the place of those that serve."""
    match effect:
        case Effect.ROLLING | Effect.IMMUTABLE:
            return True
        case Effect.METADATA | Effect.SCALE | Effect.ADD_ONLY | Effect.TRAFFIC:
            return False
    assert_never(effect)


def _updates_deployment(step: Step) -> bool:
    return step.ref.kind is Kind.DEPLOYMENT and step.action is Action.UPDATE


def _instance_type(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        if _updates_deployment(step) and any(change.path == ("instance_type",) for change in step.changes):
            yield Finding(
                code="instance-type-in-place",
                summary=f"nothing documents whether Azure changes the instance_type of {step.ref} in place",
                detail="It is read back after the write, and the apply fails if it did not take.",
                ref=step.ref,
                origin=step.origin,
            )


def _ungated(case: Case) -> Iterator[Finding]:
    tested = {step.ref for step in case.steps if step.action is Action.TEST}
    final = case.end
    for endpoint in final.endpoints():
        before = case.live.split(endpoint)
        for name, share in final.split(endpoint).items():
            ref = deployment_ref(endpoint, name)
            if share > before.get(name, 0) and ref not in tested:
                yield Finding(
                    code="no-smoke-test",
                    summary=f"{ref} gets traffic without a smoke test",
                    detail="Declare one: `x-smoke-test: {request: FILE, status: 200}` in its spec.",
                    ref=ref,
                    origin=case.origins.of(ref),
                )


def _nobody_answers(case: Case) -> Iterator[Finding]:
    final = case.end
    for endpoint in case.desired.endpoints():
        names = [item.ref.name for item in final.deployments(endpoint)]
        if names and not final.split(endpoint):
            yield Finding(
                code="no-traffic",
                summary=f"endpoint {endpoint} would answer nobody: no deployment has traffic",
                detail=f"Add to its spec: `traffic: {{{names[0]}: 100}}`.",
                origin=next((step.origin for step in case.steps if step.ref.endpoint == endpoint), None),
            )


def _unknown_content(case: Case) -> Iterator[Finding]:
    for ref in sorted(case.desired.resources):
        live = case.live.get(ref)
        if live and live.seen.unknown:
            yield Finding(
                code="content-unknown",
                summary=f"the content of {ref} cannot be compared: it was not uploaded by a client",
                detail="If its files changed, raise its version.",
                ref=ref,
                origin=case.origins.of(ref),
            )


def _failed_but_serving(case: Case) -> Iterator[Finding]:
    for deployment in case.live.of_kind(Kind.DEPLOYMENT):
        if is_failed(deployment) and deployment.ref.name in case.live.split(deployment.ref.endpoint):
            yield Finding(
                code="failed-but-serving",
                summary=f"the last change of {deployment.ref} failed, and it has traffic",
                detail="It is updated in place; replacing it would need its traffic on another deployment first.",
                ref=deployment.ref,
            )


def _dropped_properties(case: Case) -> Iterator[Finding]:
    for wish in (*case.desired.of_kind(Kind.ENDPOINT), *case.desired.of_kind(Kind.DEPLOYMENT)):
        live = case.live.get(wish.ref)
        declared, there = wish.fields.get("properties"), live.fields.get("properties") if live else None
        if not isinstance(declared, Mapping) or not isinstance(there, Mapping):
            continue
        if foreign := sorted(set(there) - set(declared)):
            yield Finding(
                code="properties-stay",
                summary=f"{wish.ref} keeps properties no spec mentions: {', '.join(foreign)}",
                detail="Azure only lets properties be added; a new resource is the way to be rid of them.",
                ref=wish.ref,
                origin=case.origins.of(wish.ref, ("properties",)),
            )


ADVICE: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    _under_way,
    _in_place,
    _instance_type,
    _ungated,
    _nobody_answers,
    _unknown_content,
    _failed_but_serving,
    _dropped_properties,
)
