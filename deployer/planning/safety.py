"""Checks of a finished plan: reasons to refuse it, and facts for its reviewer. Pure.

Each check is a function from a Case to findings; CHECKS lists them all. A blocking finding refuses the apply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import assert_never

from deployer.core.compute import is_kubernetes
from deployer.core.diff import MISSING, FieldChange
from deployer.core.fields import Effect
from deployer.core.plan import Action, Finding, Step
from deployer.core.plan_options import Allow
from deployer.core.references import LATEST
from deployer.core.resources import Kind, Ref, dotted, endpoint_ref, referenced, share_map, traffic_ref, version_named
from deployer.kinds import ASSETS
from deployer.kinds.endpoint import MAX_DEPLOYMENTS
from deployer.planning.advice import advice
from deployer.planning.autoscale_findings import unread_settings
from deployer.planning.deletions import deletes_of_serving, many_deletes, others_resources, protected
from deployer.planning.facts import is_foreign, whose
from deployer.planning.local_env import local_containers, local_registries
from deployer.planning.pins import labels_of
from deployer.planning.review import Case
from deployer.planning.revision_findings import moving_together, taken_names
from deployer.planning.rollout_findings import short_grains
from deployer.planning.tag_room import too_many_tags
from deployer.planning.verdict_findings import known_to_fail


def findings(case: Case) -> tuple[Finding, ...]:
    """The findings of all checks, blocking ones first."""
    found = [finding for check in CHECKS for finding in check(case)]
    return tuple(sorted(found, key=lambda finding: (not finding.blocking, finding.code, str(finding.ref))))


def _immutable(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        for change in step.changes:
            if step.action is Action.UPDATE and step.ref.kind not in ASSETS and _cannot_change(step, change):
                yield Finding(
                    code="immutable-field",
                    summary=f"{dotted(change.path)} of {step.ref} cannot be changed after creation",
                    detail=_way_round(step.ref),
                    ref=step.ref,
                    origin=step.origin,
                    blocking=True,
                )


def _cannot_change(step: Step, change: FieldChange) -> bool:
    """Kubernetes ignores a new instance type silently: https://github.com/Azure/AML-Kubernetes/issues/247

    Azure lets `properties` be added, and neither altered nor removed.
    """
    match change.effect:
        case Effect.IMMUTABLE:
            return True
        case Effect.ADD_ONLY:
            return change.before is not MISSING
        case Effect.METADATA | Effect.SCALE | Effect.ROLLING | Effect.TRAFFIC:
            return change.path == ("instance_type",) and step.after is not None and is_kubernetes(step.after.fields)
    assert_never(change.effect)


def _way_round(ref: Ref) -> str:
    match ref.kind:
        case Kind.DEPLOYMENT:
            return "Declare a deployment with a new name, move the traffic to it, then remove this one."
        case Kind.ENDPOINT | Kind.TRAFFIC:
            return "Declare an endpoint with a new name, move its callers to it, then remove this one."
        case Kind.AUTOSCALE:
            return "Remove `x-autoscale`, apply, and declare it again."
        case Kind.MODEL | Kind.ENVIRONMENT:
            return "Raise `version` in its spec and in every reference to it."
    assert_never(ref.kind)


def _asset_content(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        if step.action is Action.UPDATE and step.ref.kind in ASSETS:
            content = [dotted(change.path) for change in step.changes if _is_content(change.effect)]
            if content:
                yield Finding(
                    code="asset-content-changed",
                    summary=f"{step.ref} already exists with different content ({', '.join(content)})",
                    detail="A version never changes: raise `version` in its spec and in every reference to it.",
                    ref=step.ref,
                    origin=step.origin,
                    blocking=True,
                )


def _is_content(effect: Effect) -> bool:
    """Whether a change of this effect alters the content of an asset version."""
    match effect:
        case Effect.METADATA:
            return False
        case Effect.SCALE | Effect.ROLLING | Effect.IMMUTABLE | Effect.ADD_ONLY | Effect.TRAFFIC:
            return True
    assert_never(effect)


def _missing_assets(case: Case) -> Iterator[Finding]:
    newest = {version_named(found) for found in case.live.references.values()}
    for deployment in case.desired.of_kind(Kind.DEPLOYMENT):
        for kind in sorted(ASSETS):
            ref = referenced(deployment, kind)
            if ref and not case.desired.get(ref) and not case.live.get(ref) and ref not in newest:
                yield Finding(
                    code="asset-missing",
                    summary=f"{deployment.ref} needs {ref}, which is neither in the workspace nor in the specs",
                    detail=f"Correct the {kind} reference, or declare that version in the specs.",
                    ref=deployment.ref,
                    origin=case.origins.of(deployment.ref, (kind.value,)),
                    blocking=True,
                )


def _unresolved_references(case: Case) -> Iterator[Finding]:
    """Labels are resolved before anything is compared, so one that is left stands for nothing."""
    for deployment in case.desired.of_kind(Kind.DEPLOYMENT):
        for label in labels_of(deployment):
            yield Finding(
                code="reference-unresolved",
                summary=f"{deployment.ref} needs {label}, which names no registered version",
                detail=f"Write a version, azureml:{label.name}:<version>; of labels, only @{LATEST} is resolved.",
                ref=deployment.ref,
                origin=case.origins.of(deployment.ref, (label.type.value,)),
                blocking=True,
            )


def _traffic_targets(case: Case) -> Iterator[Finding]:
    final = case.end
    for traffic in final.of_kind(Kind.TRAFFIC):
        there = {item.ref.name for item in final.deployments(traffic.ref.endpoint)}
        for key in ("traffic", "mirror_traffic"):
            for name in sorted(set(share_map(traffic, key)) - there):
                yield Finding(
                    code="traffic-to-missing",
                    summary=f"{key} of endpoint {traffic.ref.endpoint} names {name}, which would not exist",
                    detail=f"Deployments after this plan: {', '.join(sorted(there)) or 'none'}.",
                    ref=traffic.ref,
                    blocking=True,
                )


def _mirror_and_live(case: Case) -> Iterator[Finding]:
    """Looks at declared mirrors only: an undeclared one ends before its deployment gets live traffic."""
    final = case.end
    for traffic in case.desired.of_kind(Kind.TRAFFIC):
        both = final.split(traffic.ref.endpoint).keys() & share_map(traffic, "mirror_traffic").keys()
        for name in sorted(both):
            yield Finding(
                code="mirror-and-live",
                summary=f"{name} of endpoint {traffic.ref.endpoint} would get both live and mirrored traffic",
                detail="Azure allows only one of the two: declare `mirror_traffic: {}` or another target.",
                ref=traffic.ref,
                origin=case.origins.of(traffic.ref),
                blocking=True,
            )


def _outage(case: Case) -> Iterator[Finding]:
    """Endpoints that stay and stop serving; deleted ones have a check of their own."""
    final = case.end
    for endpoint in case.live.endpoints():
        before, after = sum(case.live.split(endpoint).values()), sum(final.split(endpoint).values())
        there = final.get(endpoint_ref(endpoint))
        if there and before and not after and Allow.OUTAGE not in case.allow:
            yield Finding(
                code="outage",
                summary=f"endpoint {endpoint} is serving traffic now and would have no deployment left to serve it",
                detail="Give a deployment traffic, or pass --allow-outage if the outage is intended.",
                ref=traffic_ref(endpoint),
                blocking=True,
            )


def _ownership(case: Case) -> Iterator[Finding]:
    settings = {step.ref for step in case.steps if step.ref.kind is Kind.AUTOSCALE}
    for ref in sorted({endpoint_ref(step.ref.endpoint) for step in case.steps} | settings):
        live = case.live.get(ref)
        if live is None or not is_foreign(live, case.project, case.allow):
            continue
        owner = live.seen.owner
        yield Finding(
            code="not-ours",
            summary=f"{ref} {whose(live)}",
            detail="Change it from that project, or use another name." if owner else "Pass --adopt to take it over.",
            ref=ref,
            blocking=True,
        )


def _too_many(case: Case) -> Iterator[Finding]:
    final = case.end
    for endpoint in final.endpoints():
        # Deployments are created before others are deleted, so that both count for a while.
        count = len({item.ref for state in (case.live, final) for item in state.deployments(endpoint)})
        if count > MAX_DEPLOYMENTS:
            yield Finding(
                code="too-many-deployments",
                summary=f"endpoint {endpoint} would have {count} deployments; Azure allows {MAX_DEPLOYMENTS}",
                detail="Delete deployments without traffic first (--prune deletes those in no spec).",
                ref=endpoint_ref(endpoint),
                blocking=True,
            )


CHECKS: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    _immutable,
    _asset_content,
    _missing_assets,
    _unresolved_references,
    _traffic_targets,
    _mirror_and_live,
    _outage,
    _ownership,
    _too_many,
    deletes_of_serving,
    protected,
    others_resources,
    many_deletes,
    too_many_tags,
    known_to_fail,
    local_registries,
    local_containers,
    short_grains,
    taken_names,
    moving_together,
    unread_settings,
    advice,
)
