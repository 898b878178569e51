"""What a step asks for beyond its fields, in sentences: smoke tests and the wait after a traffic step."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.fields import Effect
from deployer.core.intent import ANYTHING, Checks, SmokeTest
from deployer.core.plan import Action, Bake, Step
from deployer.core.resources import Kind, dotted
from deployer.report.format import joined, milliseconds, rate, scalar, seconds, shortened
from deployer.report.style import count

EFFECTS = {
    Effect.METADATA: "metadata only, nothing restarts",
    Effect.SCALE: "changes the number of instances",
    Effect.ROLLING: "in-place rolling update",
    Effect.IMMUTABLE: "cannot change in place",
    Effect.ADD_ONLY: "can be added or changed, never removed",
    Effect.TRAFFIC: "",
}
VERBS = {
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.REPLACE: "replace",
    Action.DELETE: "delete",
    Action.TEST: "smoke-test",
}


def title(step: Step) -> str:
    """What a step is about to do: "create deployment digits/blue", "set traffic of digits"."""
    if step.ref.kind is Kind.TRAFFIC:
        return f"set traffic of {step.ref.endpoint}"
    return f"{VERBS[step.action]} {step.ref}"


def sentences(step: Step) -> Iterator[str]:
    """What happens besides the fields: the request of a smoke test, the wait and the checks of a rollout step."""
    if step.test:
        yield test_sentence(step.test)
    if step.bake:
        yield bake_sentence(step.bake)
    if step.ignore:
        yield f"keeps the live {joined([dotted(path) for path in step.ignore])} (x-ignore)"


def test_sentence(test: SmokeTest) -> str:
    """ "sends data/seven.png; expects status 200 and the JSON 7 within 500 ms"."""
    expected = [f"status {test.status}"]
    if test.json is not ANYTHING:
        value = "null" if test.json is None else scalar(test.json)  # type: ignore[arg-type]
        expected.append(f"the JSON {shortened(value)}")
    limit = f" within {milliseconds(test.max_ms)}" if test.max_ms is not None else ""
    return f"sends {test.image or test.request}; expects {' and '.join(expected)}{limit}"


def bake_sentence(bake: Bake) -> str:
    """ "then waits 5 min, sending at least 50 smoke requests to green: at most 1 % errors, p95 at most 500 ms"."""
    wait = f"then waits {seconds(bake.seconds)}" if bake.seconds else "then goes on at once"
    if not bake.probes:
        return f"{wait}, with nothing to check: no smoke test is declared"
    names = joined([ref.name for ref, _ in bake.probes])
    requests = count(bake.checks.min_requests, "smoke request")
    limits = joined(list(_limits(bake.checks)))
    return f"{wait}, sending at least {requests} to {names}" + (f": {limits}" if limits else "")


def _limits(checks: Checks) -> Iterator[str]:
    if checks.smoke:
        yield "every answer as its smoke test says"
    if checks.max_error_rate is not None:
        yield f"at most {rate(checks.max_error_rate)} errors"
    if checks.max_p95_ms is not None:
        yield f"p95 at most {milliseconds(checks.max_p95_ms)}"
