"""Findings about smoke tests: content known to fail, tests never run, and updates that could not be undone. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.plan import Action, Finding
from deployer.core.plan_options import Allow
from deployer.core.resources import Kind, Ref, State, deployment_ref, endpoint_ref, is_failed
from deployer.planning.earlier import gone
from deployer.planning.review import Case
from deployer.planning.verdicts import is_content, marks, owing_endpoints, verdict_hash


def known_to_fail(case: Case) -> Iterator[Finding]:
    """Content that failed its smoke test or its gates is not tried again by itself."""
    if Allow.AGAIN in case.allow:
        return
    owing, final = owing_endpoints(case.live, case.project, case.allow), case.end
    for ref in sorted(item.ref for item in case.desired.of_kind(Kind.DEPLOYMENT)):
        item = final.get(ref)
        if not item or ref.endpoint not in owing:
            continue
        if (mark := marks(ref, case.live).failed.get(ref.name)) and mark == verdict_hash(item, case.intent):
            rollout = case.intent.rollouts.get(ref.endpoint)
            tests = "smoke test or the gates of its rollout" if rollout and rollout.watch else "smoke test"
            yield Finding(
                code="test-failed",
                summary=f"{ref} failed its {tests} with this content",
                detail="Change its content or its test, or pass --again to try it once more.",
                ref=ref,
                origin=case.origins.of(ref),
                blocking=True,
            )


def never_tested(case: Case) -> Iterator[Finding]:
    """One finding for an endpoint without any mark, as older releases left them, instead of one for each deployment."""
    for endpoint in sorted(owing_endpoints(case.live, case.project, case.allow)):
        noted = marks(endpoint_ref(endpoint), case.live)
        tests = [ref for ref in case.intent.smoke_tests if ref.endpoint == endpoint and case.live.get(ref)]
        if tests and not noted.tested and not noted.failed:
            yield Finding(
                code="never-tested",
                summary=f"endpoint {endpoint} has no smoke test on record",
                detail="Apply runs the tests of its deployments, and records that they passed.",
                ref=endpoint_ref(endpoint),
            )


def no_way_back(case: Case) -> Iterator[Finding]:
    """Updates of what serves that could not be undone if their smoke test failed."""
    for step in case.steps:
        renewed = step.action is Action.UPDATE and any(is_content(change.effect) for change in step.changes)
        risky = renewed and step.serving and step.ref in case.intent.smoke_tests
        if risky and not _has_stand_in(step.ref, case.live) and (missing := gone(step, case.live)):
            yield Finding(
                code="no-way-back",
                summary=f"{step.ref} could not be put back if its smoke test failed",
                detail=f"No longer registered: {', '.join(missing)}.",
                ref=step.ref,
                origin=step.origin,
            )


def _has_stand_in(ref: Ref, live: State) -> bool:
    """Whether another healthy deployment with live traffic could take over that of this one."""
    others = [live.get(deployment_ref(ref.endpoint, name)) for name in live.split(ref.endpoint) if name != ref.name]
    return any(item is not None and not is_failed(item) for item in others)
