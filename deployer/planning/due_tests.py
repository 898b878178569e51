"""The smoke tests of a plan: of what it changes, of what gets more traffic, and those still owed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from deployer.core.fields import Effect
from deployer.core.intent import Intent
from deployer.core.plan import Action, Step
from deployer.core.resources import Kind, Ref, Resource, State, deployment_ref, is_failed, share_map, traffic_ref
from deployer.planning.facts import serves
from deployer.planning.verdicts import Standing, content_hash, marks, same_content, standing, verdict_hash


def due_tests(steps: Sequence[Step], live: State, intent: Intent, owing: frozenset[str]) -> tuple[Step, ...]:
    """The TEST steps that belong to these writes, and those that the deployments of `owing` endpoints owe."""
    written = {step.ref: step for step in steps if step.ref.kind is Kind.DEPLOYMENT and step.after}
    because = {ref: "" for step in steps for ref in _concerned(step, live)}
    deleted = {step.ref for step in steps if step.action is Action.DELETE}
    found = []
    for ref in sorted(intent.smoke_tests.keys() - deleted):
        after = written[ref].after if ref in written else live.get(ref)
        reason = because.get(ref, _why_owed(ref, after, live, intent, owing))
        if after is not None and reason is not None:
            found.append(_test(after, reason, live, intent))
    return tuple(found)


def _test(after: Resource, reason: str, live: State, intent: Intent) -> Step:
    ref = after.ref
    return Step(
        action=Action.TEST,
        ref=ref,
        before=live.get(ref),
        test=intent.smoke_tests[ref],
        ignore=intent.ignored.get(ref, ()),
        reason=reason,
        serving=serves(ref, live.get(traffic_ref(ref.endpoint))),
        verdict=verdict_hash(after, intent),
    )


def _why_owed(ref: Ref, after: Resource | None, live: State, intent: Intent, owing: frozenset[str]) -> str | None:
    """Why a deployment owes a test, for the reviewer; None if it owes none."""
    if after is None or ref.endpoint not in owing:
        return None
    found = standing(after, live, intent)
    match found:
        case Standing.OWED:
            return _since_passed(after, live, intent) or "this content has not passed this test yet"
        case Standing.FAILED:
            return "this content failed this test"
        case Standing.PASSED | Standing.UNDECLARED:
            return None
    assert_never(found)


def _since_passed(after: Resource, live: State, intent: Intent) -> str:
    """What has changed since a deployment passed its test, if it is not its content; "" if it is."""
    passed = marks(after.ref, live).tested.get(after.ref.name, "")
    same = same_content(passed, content_hash(after, intent.ignored.get(after.ref, ())))
    return "its test, or the checks of the rollout, changed since this content passed" if same else ""


def _concerned(step: Step, live: State) -> frozenset[Ref]:
    """The deployments that a write requires to test: those whose answers it can change or whose share it raises."""
    match step.ref.kind:
        case Kind.DEPLOYMENT:
            return frozenset([step.ref]) if _changes_answers(step) else frozenset()
        case Kind.TRAFFIC:
            return frozenset(deployment_ref(step.ref.endpoint, name) for name in _rising(step, live))
        case Kind.ENDPOINT | Kind.MODEL | Kind.ENVIRONMENT | Kind.AUTOSCALE:
            return frozenset()
    assert_never(step.ref.kind)


def _changes_answers(step: Step) -> bool:
    """Whether a write of a deployment can change its answers; the repair of a failed one can."""
    match step.action:
        case Action.CREATE | Action.REPLACE:
            return True
        case Action.UPDATE:
            repaired = step.before is not None and is_failed(step.before)
            return repaired or any(_is_noticed(change.effect) for change in step.changes)
        case Action.DELETE | Action.TEST:
            return False
    assert_never(step.action)


def _is_noticed(effect: Effect) -> bool:
    match effect:
        case Effect.METADATA | Effect.SCALE:
            return False
        case Effect.ROLLING | Effect.IMMUTABLE | Effect.ADD_ONLY | Effect.TRAFFIC:
            return True
    assert_never(effect)


def _rising(step: Step, live: State) -> frozenset[str]:
    """The deployments whose share a traffic step raises."""
    now = live.split(step.ref.endpoint)
    return frozenset(name for name, share in share_map(step.after, "traffic").items() if share > now.get(name, 0))


def gates(test: Step, steps: Sequence[Step]) -> bool:
    """Whether the rest of a plan waits for a test: not if its deployment is idle, stays so, and is not written."""
    written = {step.ref for step in steps if step.action.writes}
    targets = {name for step in steps if step.ref.kind is Kind.TRAFFIC for name in share_map(step.after, "traffic")}
    return test.serving or test.ref in written or test.ref.name in targets
