"""Steps in words: action, effects of changes, smoke test and rollout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from deployer.core.fields import Effect
from deployer.core.intent import ANYTHING, JSON, Checks, SmokeTest, Watch
from deployer.core.plan import Action, Bake, Step, Watching
from deployer.core.resources import Kind, dotted, share_map
from deployer.kinds import KINDS
from deployer.report.format import count, joined, milliseconds, rate, scalar, seconds, shortened


def effect_words(effect: Effect) -> str:
    """The effect of a change on a running service; "" for traffic, which needs no explanation."""
    match effect:
        case Effect.METADATA:
            return "metadata only, nothing restarts"
        case Effect.SCALE:
            return "changes the number of instances"
        case Effect.ROLLING:
            return "in-place rolling update"
        case Effect.IMMUTABLE:
            return "cannot change in place"
        case Effect.ADD_ONLY:
            return "can be added, not changed or removed"
        case Effect.TRAFFIC:
            return ""
    assert_never(effect)


def verb(action: Action) -> str:
    """The verb of an action: "create"."""
    match action:
        case Action.CREATE:
            return "create"
        case Action.UPDATE:
            return "update"
        case Action.REPLACE:
            return "replace"
        case Action.DELETE:
            return "delete"
        case Action.TEST:
            return "smoke-test"
    assert_never(action)


def past(action: Action) -> str:
    """The past participle of an action: "created"."""
    match action:
        case Action.CREATE:
            return "created"
        case Action.UPDATE:
            return "updated"
        case Action.REPLACE:
            return "replaced"
        case Action.DELETE:
            return "deleted"
        case Action.TEST:
            return "smoke-tested"
    assert_never(action)


def title(step: Step) -> str:
    """The step as an instruction: "create deployment digits/blue", "set traffic of digits"."""
    return KINDS[step.ref.kind].words(verb(step.action), step.ref)


def done(step: Step) -> str:
    """The step in the past tense: "created deployment digits/blue"; traffic with its shares."""
    return KINDS[step.ref.kind].words(past(step.action), step.ref) + _shares(step)


def moving(step: Step) -> str:
    """The step as an instruction, traffic with its shares: "set traffic of digits: green 10 % -> 50 %, step 2 of 3"."""
    return title(step) + _shares(step)


def starting(step: Step) -> str:
    """The step as an instruction, with the time that it will bake or watch: "…, step 2 of 3, bakes 5 min"."""
    baking = baking_seconds([step])
    word = "watches" if step.bake and step.bake.watching else "bakes"
    return moving(step) + (f", {word} {seconds(baking)}" if baking else "")


def baking_seconds(steps: Iterable[Step]) -> float:
    """How long the bakes of these steps take together at least, with the time that customers' requests are watched."""
    return sum(step.bake.least_seconds for step in steps if step.bake)


def _shares(step: Step) -> str:
    """The live shares that a traffic step changes, and its place in a rollout; "" for anything else."""
    old, new = share_map(step.before, "traffic"), share_map(step.after, "traffic")
    names = sorted(old.keys() | new.keys())
    moved = [f"{name} {old.get(name, 0)} % -> {new.get(name, 0)} %" for name in names if old.get(name) != new.get(name)]
    if step.ref.kind is not Kind.TRAFFIC or "traffic" not in (step.after.fields if step.after else {}):
        return ""
    if not moved and step.bake and step.bake.watching:
        moved = ["as it is, and judge it"]
    elif not moved:
        return ""
    number, of = step.stage
    return f": {', '.join(moved)}" + (f", step {number} of {of}" if of > 1 else "")


def sentences(step: Step) -> Iterator[str]:
    """Descriptions beyond the fields: the smoke test, the wait and checks of a rollout step, ignored fields."""
    if step.test:
        yield test_sentence(step.test)
    if step.bake:
        yield bake_sentence(step.bake)
        if step.bake.watching:
            yield watch_sentence(step.bake.watching)
    if step.action is Action.DELETE and step.ref.kind is Kind.ENDPOINT:
        yield _taken_along(step)
    if step.ignore:
        yield f"keeps the live {joined([dotted(path) for path in step.ignore])} ({_why_kept(step)})"


def _why_kept(step: Step) -> str:
    """The keys that leave fields to others: only `x-autoscale` says nothing but the number of instances."""
    return "x-ignore or x-autoscale" if ("instance_count",) in step.ignore else "x-ignore"


def _taken_along(step: Step) -> str:
    """ "its keys and its address go with it, and these deployments: blue, green"."""
    names = ", ".join(ref.name for ref in step.takes)
    return "its keys and its address go with it" + (f", and these deployments: {names}" if names else "")


def test_sentence(test: SmokeTest) -> str:
    """ "sends data/seven.png; expects status 200 and the JSON 7 within 500 ms"."""
    expected = [f"status {test.status}"]
    if test.json is not ANYTHING:
        value = "null" if test.json is None else scalar(test.json)  # type: ignore[arg-type]
        expected.append(f"the JSON {shortened(value)}")
    if test.subset is not ANYTHING:
        expected.append(f"an answer with {shortened(scalar(test.subset))}")  # type: ignore[arg-type]
    if test.tolerance:
        expected[-1] += f" (numbers within {test.tolerance:g})"
    if test.contains:
        expected.append(f"the text {shortened(scalar(test.contains))}")
    if test.schema:
        expected.append("an answer that matches the schema")
    limit = f" within {milliseconds(test.max_ms)}" if test.max_ms is not None else ""
    how = f" as {shortened(test.content_type)}" if test.content_type != JSON else ""
    how += f" with {joined(sorted(test.headers))}" if test.headers else ""
    return f"sends {test.image or test.request}{how}; expects {' and '.join(expected)}{limit}"


def bake_sentence(bake: Bake) -> str:
    """ "then waits 5 min, sending at least 50 smoke requests to green: at most 1 % errors, p95 at most 500 ms"."""
    wait = f"then waits {seconds(bake.seconds)}" if bake.seconds else "then continues immediately"
    if not bake.probes and bake.watching:
        return wait
    if not bake.probes:
        return f"{wait}, without checks: no smoke test is declared"
    names = joined([ref.name for ref, _ in bake.probes])
    requests = count(bake.checks.min_requests, "smoke request")
    limits = joined(list(_limits(bake.checks)))
    return f"{wait}, sending at least {requests} to {names}" + (f": {limits}" if limits else "")


def _limits(checks: Checks) -> Iterator[str]:
    if checks.smoke:
        yield "all smoke tests pass"
    if checks.max_error_rate is not None:
        yield f"at most {rate(checks.max_error_rate)} errors"
    if checks.max_p95_ms is not None:
        yield f"p95 at most {milliseconds(checks.max_p95_ms)}"


def watch_sentence(watching: Watching) -> str:
    """ "then watches customers' requests to green for 5 min, at least 100: at most 0.5 % more errors than blue"."""
    watch, names = watching.watch, joined(sorted(watching.rising))
    limits = joined([*_bounds(watch), *(_comparisons(watching) if watching.beside else ())])
    requests = f"at least {watch.min_requests:,}"
    watches = f"then watches customers' requests to {names} for {seconds(watch.window)}, {requests}"
    settles = f"; decides {seconds(watch.settle)} later" if watch.settle else ""
    return watches + (f": {limits}" if limits else "") + settles


def _bounds(watch: Watch) -> Iterator[str]:
    if watch.max_error_rate is not None:
        yield f"at most {rate(watch.max_error_rate)} errors"
    for rank, most in sorted(watch.max_ms.items()):
        yield f"p{rank} at most {milliseconds(most)}"


def _comparisons(watching: Watching) -> Iterator[str]:
    watch = watching.watch
    if watch.error_rate is not None:
        yield f"at most {rate(watch.error_rate)} more errors than {watching.beside}"
    for rank, factor in sorted(watch.slower.items()):
        yield f"p{rank} at most {factor:g} times that of {watching.beside}"
