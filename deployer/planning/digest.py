"""The digests of a plan, by which a saved one is compared with one made later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from deployer.core.fingerprint import digest_of, fingerprint
from deployer.core.intent import Anything, SmokeTest
from deployer.core.plan import Bake, Plan, Step, Watching
from deployer.core.resources import State, Value, without


def with_digest(plan: Plan, desired: State, hide: Callable[[Value], Value]) -> Plan:
    """The plan with its digest, over the observed and the desired state of every step, and its goal, over `desired`.

    `hide` masks secrets, so that a reviewed plan stays valid when one is rotated.
    """
    steps: list[Value] = [_digest_input(step, hide) for step in plan.steps]
    asked: list[Value] = [[str(ref), hide(dict(item.fields))] for ref, item in sorted(desired.resources.items())]
    return replace(
        plan,
        digest=digest_of([plan.env, plan.project, steps, [str(ref) for ref in plan.unchanged]]),
        goal=digest_of([plan.env, plan.project, asked]),
    )


def _digest_input(step: Step, hide: Callable[[Value], Value]) -> Value:
    after = dict(step.after.fields) if step.after else {}
    for path in step.ignore:
        after = dict(without(after, path))
    return [
        step.action.name,
        str(step.ref),
        fingerprint(step.before, step.ignore),
        hide(after) if step.after else None,
        _test(step.test) if step.test else None,
        _bake(step.bake) if step.bake else None,
    ]


def _test(test: SmokeTest) -> Value:
    expected: Value = "anything" if isinstance(test.json, Anything) else [test.json]
    return [test.request, test.image, test.body_hash, test.status, expected, test.max_ms, *test.beyond]


def _bake(bake: Bake) -> Value:
    checks, watching = bake.checks, bake.watching
    probed: list[Value] = [
        bake.seconds,
        checks.smoke,
        checks.max_error_rate,
        checks.max_p95_ms,
        checks.min_requests,
    ]
    return [*probed, _watching(watching)] if watching else probed


def _watching(watching: Watching) -> Value:
    watch = watching.watch
    times: list[Value] = [watch.window, watch.settle, watch.grain, watch.limit, watch.on_inconclusive.value]
    return [*times, dict(watching.rising), watching.beside, watching.risk]
