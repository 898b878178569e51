"""Verdicts of smoke tests: what they are about, which ones stand in our tags, and which deployments owe one. Pure.

A verdict is about the content of a deployment and the test that its spec declares, so that it outlives the run that
found it, and ends as soon as either changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never

from deployer.core.bookkeeping import Bookkeeping
from deployer.core.diff import diff
from deployer.core.fields import Effect
from deployer.core.fingerprint import digest_of
from deployer.core.intent import Anything, Checks, Intent, SmokeTest, Watch
from deployer.core.plan_options import Allow
from deployer.core.resources import KeyPath, Kind, Ref, Resource, State, Value, traffic_ref

VERSION = "1"
"""The version of the hashes below; a change of what they cover is a new version."""

_LENGTH = 12


class Standing(StrEnum):
    """How the content of a deployment stands with the smoke test of its spec."""

    UNDECLARED = "no test"
    OWED = "not tested"
    PASSED = "passed"
    FAILED = "failed"


def content_hash(deployment: Resource, ignored: tuple[KeyPath, ...] = ()) -> str:
    """A hash of what can change the answers of a deployment: its rolling and immutable fields, ignored ones aside.

    Fields at their default are left out, so that a field that is new in the schema changes no hash.
    """
    content: list[Value] = [
        [list(change.path), change.after]  # type: ignore[list-item]
        for change in diff(None, deployment)
        if is_content(change.effect) and not any(change.path[: len(path)] == path for path in ignored)
    ]
    return digest_of(content)[:_LENGTH]


def is_content(effect: Effect) -> bool:
    """Whether fields of this effect belong to the content of a deployment."""
    match effect:
        case Effect.ROLLING | Effect.IMMUTABLE:
            return True
        case Effect.METADATA | Effect.SCALE | Effect.ADD_ONLY | Effect.TRAFFIC:
            return False
    assert_never(effect)


def verdict_hash(deployment: Resource, intent: Intent) -> str:
    """ "<version>.<content>.<test>" of a deployment; "" if neither a smoke test nor gates are declared for it."""
    test, rollout = intent.smoke_tests.get(deployment.ref), intent.rollouts.get(deployment.ref.endpoint)
    watch = rollout.watch if rollout else None
    if test is None and watch is None:
        return ""
    content = content_hash(deployment, intent.ignored.get(deployment.ref, ()))
    asked = _test_hash(test, rollout.checks if rollout else None) if test else ""
    return f"{VERSION}.{content}.{_with_gates(asked, watch) if watch else asked}"


def _test_hash(test: SmokeTest, checks: Checks | None) -> str:
    """A hash of a smoke test: its request by content, its expectations, and the checks of the rollout it probes for."""
    expected: Value = "anything" if isinstance(test.json, Anything) else [test.json]
    gates: Value = [checks.smoke, checks.max_error_rate, checks.max_p95_ms, checks.min_requests] if checks else None
    asked: list[Value] = [bool(test.image), test.body_hash, test.status, expected, test.max_ms, gates, *test.beyond]
    return digest_of(asked)[:_LENGTH]


def _with_gates(asked: str, watch: Watch) -> str:
    """A hash of a smoke test and of the gates on customers' requests."""
    bounds: list[Value] = [watch.max_error_rate, watch.error_rate, watch.min_requests, watch.confidence]
    latencies: list[Value] = [[rank, most] for rank, most in sorted(watch.max_ms.items())]
    slower: list[Value] = [[rank, factor] for rank, factor in sorted(watch.slower.items())]
    return digest_of([asked, bounds, latencies, slower])[:_LENGTH]


def about(verdict: str, deployment: Resource, ignored: tuple[KeyPath, ...]) -> str:
    """A verdict by the same test about another content."""
    return f"{VERSION}.{content_hash(deployment, ignored)}.{verdict.rpartition('.')[2]}"


def same_content(verdict: str, content: str) -> bool:
    """Whether a verdict is about this content, by whatever test."""
    return verdict.split(".")[:2] == [VERSION, content]


def standing(deployment: Resource, live: State, intent: Intent) -> Standing:
    """How a deployment stands with the smoke test of its spec, by the marks on its endpoint."""
    wanted, name = verdict_hash(deployment, intent), deployment.ref.name
    noted = marks(deployment.ref, live)
    if not wanted:
        return Standing.UNDECLARED
    if noted.failed.get(name) == wanted:
        return Standing.FAILED
    if noted.tested.get(name) == wanted:
        return Standing.PASSED
    return Standing.OWED if deployment.ref in intent.smoke_tests else Standing.UNDECLARED


def marks(ref: Ref, live: State) -> Bookkeeping:
    """The marks on the endpoint of a resource; none if it does not exist."""
    traffic = live.get(traffic_ref(ref.endpoint))
    return traffic.seen.bookkeeping if traffic else Bookkeeping()


def owing_endpoints(live: State, project: str, allow: frozenset[Allow]) -> frozenset[str]:
    """The endpoints whose deployments owe the tests of their specs: ours, and those that this plan adopts."""
    owners = {"", project} if Allow.ADOPT in allow else {project}
    return frozenset(item.ref.endpoint for item in live.of_kind(Kind.ENDPOINT) if item.seen.owner in owners)


def standings(live: State, intent: Intent) -> Mapping[Ref, Standing]:
    """How every live deployment stands."""
    return {item.ref: standing(item, live, intent) for item in live.of_kind(Kind.DEPLOYMENT)}
