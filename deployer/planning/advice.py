"""Findings that do not refuse a plan: facts for its reviewer. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import assert_never

from deployer.core.fields import Effect
from deployer.core.plan import Action, Finding, Step
from deployer.core.resources import BUSY_STATES, Kind, deployment_ref, is_failed
from deployer.kinds import OPERATED
from deployer.planning.autoscale_findings import settings_left, settings_that_end
from deployer.planning.deletions import assets_stay
from deployer.planning.review import Case, Purpose
from deployer.planning.revision_findings import held_content
from deployer.planning.rollout_findings import long_rollouts
from deployer.planning.verdict_findings import never_tested, no_way_back


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
                    summary=f"{item.ref} is being changed by another operation ({state})",
                    detail="`deployer apply` waits for it to end, then plans.",
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
                detail="A second deployment, or a revision of this one (x-revisions), can be tested before it gets "
                "traffic; this one only after.",
                ref=step.ref,
                origin=step.origin,
            )


def _renews(effect: Effect) -> bool:
    """Whether a change replaces running instances by new ones."""
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
                summary=f"Azure does not document whether the instance_type of {step.ref} can change in place",
                detail="Apply reads it back after the write, and fails if Azure did not accept it.",
                ref=step.ref,
                origin=step.origin,
            )


def _access(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        for change in step.changes if step.action is Action.UPDATE else ():
            if step.ref.kind is Kind.ENDPOINT and change.path == ("auth_mode",):
                yield Finding(
                    code="access-changes",
                    summary=f"every client of {step.ref} that uses {_ACCESS[str(change.before)]} loses access",
                    detail=f"Clients need {_ACCESS[str(change.after)]} from the moment of this step.",
                    ref=step.ref,
                    origin=step.origin,
                )


_ACCESS = {
    "key": "a key of the endpoint",
    "aml_token": "an Azure ML token",
    "aad_token": "a Microsoft Entra token",
}


def _ungated(case: Case) -> Iterator[Finding]:
    """Rollback returns to what served before, so it asks nobody."""
    if case.purpose is Purpose.ROLLBACK:
        return
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
                summary=f"endpoint {endpoint} would have no deployment with traffic",
                detail=f"Add to its spec: `traffic: {{{names[0]}: 100}}`.",
                origin=next((step.origin for step in case.steps if step.ref.endpoint == endpoint), None),
            )


def _unknown_content(case: Case) -> Iterator[Finding]:
    for ref in sorted(case.desired.resources):
        live = case.live.get(ref)
        if live and live.seen.unknown:
            yield Finding(
                code="content-unknown",
                summary=f"the content of {ref} cannot be compared: Azure has no content hash for it",
                detail="If its files changed, write a new `version` in its spec.",
                ref=ref,
                origin=case.origins.of(ref),
            )


def _failed_but_serving(case: Case) -> Iterator[Finding]:
    for deployment in case.live.of_kind(Kind.DEPLOYMENT):
        if is_failed(deployment) and deployment.ref.name in case.live.split(deployment.ref.endpoint):
            yield Finding(
                code="failed-but-serving",
                summary=f"the last change of {deployment.ref} failed, and it still has traffic",
                detail="Apply updates it in place; to replace it, move its traffic to another deployment first.",
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
                summary=f"{wish.ref} keeps properties that are not in its spec: {', '.join(foreign)}",
                detail="Azure does not allow removing properties; to get rid of them, create a new resource.",
                ref=wish.ref,
                origin=case.origins.of(wish.ref, ("properties",)),
            )


def _outside(case: Case) -> Iterator[Finding]:
    for folder in case.outside:
        yield Finding(
            code="outside-allowed",
            summary=f"specs may name files in {folder}, outside of the project (--allow-outside)",
            detail="Nobody who reviews the project sees what changes there.",
        )


ADVICE: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    _under_way,
    _in_place,
    _instance_type,
    _access,
    _ungated,
    _nobody_answers,
    _unknown_content,
    _failed_but_serving,
    _dropped_properties,
    _outside,
    never_tested,
    no_way_back,
    assets_stay,
    long_rollouts,
    held_content,
    settings_that_end,
    settings_left,
)
