"""How traffic moves: tests before it, the splits on the way, and the verdict on their probes. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from deployer.core.bookkeeping import Bookkeeping
from deployer.core.diff import diff
from deployer.core.intent import Checks, Intent, Rollout
from deployer.core.plan import Bake, Plan, Step
from deployer.core.resources import Kind, Ref, Resource, State, deployment_ref, digest_of, share_map
from deployer.core.statistics import percentile
from deployer.planning.due_tests import due_tests
from deployer.planning.reconcile import in_order

Split = Mapping[str, int]

FAILED_MARK = "failed"


def with_tests_and_stages(
    steps: Sequence[Step], live: State, intent: Intent, owing: frozenset[str] = frozenset()
) -> tuple[Step, ...]:
    """The steps with the smoke tests that are due, and traffic steps split into stages."""
    staged = [part for step in steps for part in _staged(step, intent)]
    return in_order([*staged, *due_tests(steps, live, intent, owing)])


def _staged(step: Step, intent: Intent) -> Iterator[Step]:
    rollout = intent.rollouts.get(step.ref.endpoint)
    if step.ref.kind is not Kind.TRAFFIC or step.before is None or step.after is None:
        yield step
        return
    target = share_map(step.after, "traffic")
    start, done = _start(step.before, target)
    mirror = step.before.seen.bookkeeping.previous_mirror if done else share_map(step.before, "mirror_traffic")
    before: Resource = step.before
    found = stages(start, target, rollout or Rollout(), done=done) or (_arrival(target),)
    for number, stage in enumerate(found, 1):
        after = _at_stage(step.after, stage)
        yield replace(
            step,
            before=before,
            after=after,
            changes=diff(before, after),
            bake=_bake(step, stage, intent),
            bookkeeping=_noted(stage, start, mirror, target),
            stage=(number, len(found)),
        )
        before = after


def _start(before: Resource, target: Split) -> tuple[Split, int]:
    """Where the rollout towards `target` starts, and its progress in percent.

    An interrupted rollout continues if the live split is still the one it reached; any other starts from that split.
    """
    noted = before.seen.bookkeeping
    done, start = progress_towards(noted.rollout, target), noted.previous_split
    now = share_map(before, "traffic")
    return (start, done) if done and now == between(start, target, done) else (now, 0)


def _at_stage(after: Resource, stage: Stage) -> Resource:
    """The traffic at one stage, without mirrors to deployments that have live traffic there."""
    mirror = {name: share for name, share in share_map(after, "mirror_traffic").items() if name not in stage.split}
    return replace(after, fields={**after.fields, "traffic": dict(stage.split), "mirror_traffic": mirror})


def _noted(stage: Stage, start: Split, mirror: Split, target: Split) -> Bookkeeping:
    """The bookkeeping of one stage: what it started from, and the progress until the target is reached."""
    mark = rollout_mark(target, stage.percent) if stage.split != target else ""
    return Bookkeeping(previous_split=start, previous_mirror=mirror, rollout=mark)


def _bake(step: Step, stage: Stage, intent: Intent) -> Bake | None:
    rollout = intent.rollouts.get(step.ref.endpoint)
    if rollout is None:
        return None
    now = share_map(step.before, "traffic")
    rising = [name for name, share in stage.split.items() if share > now.get(name, 0)]
    refs: list[Ref] = [deployment_ref(step.ref.endpoint, name) for name in sorted(rising)]
    probes = tuple((ref, intent.smoke_tests[ref]) for ref in refs if ref in intent.smoke_tests)
    return Bake(seconds=rollout.bake_seconds, checks=rollout.checks, probes=probes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of a rollout: its percentage of the way, and its split."""

    percent: int
    split: Split


def stages(start: Split, target: Split, rollout: Rollout, *, done: int = 0) -> tuple[Stage, ...]:
    """The splits from `start` to `target` that come after `done` percent. All have the same sum as `target`.

    If the sums of `start` and `target` differ (such as for a first split), the only stage is the target.
    """
    if sum(start.values()) != sum(target.values()):
        return (_arrival(target),)
    percents = [percent for percent in sorted({*rollout.steps, 100}) if percent > done]
    return _distinct(start, [Stage(percent=percent, split=between(start, target, percent)) for percent in percents])


def _arrival(target: Split) -> Stage:
    """The last stage of every rollout."""
    return Stage(percent=100, split=_without_zeros(target))


def _distinct(start: Split, candidates: Sequence[Stage]) -> tuple[Stage, ...]:
    """The stages that change the split before them."""
    kept: list[Stage] = []
    last = _without_zeros(start)
    for stage in candidates:
        if stage.split != last:
            kept.append(stage)
            last = stage.split
    return tuple(kept)


def between(start: Split, target: Split, percent: int) -> Split:
    """`start + (target - start) x percent/100` in whole percents, the sum kept."""
    names = sorted(start.keys() | target.keys())
    return apportion(
        {name: start.get(name, 0) + (target.get(name, 0) - start.get(name, 0)) * percent / 100 for name in names}
    )


def apportion(exact: Mapping[str, float]) -> Split:
    """Whole shares with the same sum, by largest remainder; zero shares are left out."""
    whole = {name: math.floor(share) for name, share in exact.items()}
    missing = round(sum(exact.values())) - sum(whole.values())
    by_remainder = sorted(exact, key=lambda name: (whole[name] - exact[name], name))
    for name in by_remainder[:missing]:
        whole[name] += 1
    return _without_zeros(whole)


def _without_zeros(split: Split) -> Split:
    return {name: share for name, share in split.items() if share > 0}


def rollout_mark(target: Split, percent: int | str) -> str:
    """The bookkeeping tag of a rollout: a hash of its target, and its progress or FAILED_MARK."""
    return f"{digest_of(dict(_without_zeros(target)))}:{percent}"


def progress_towards(mark: str, target: Split) -> int:
    """The percentage that a recorded rollout towards this target reached; 0 for another target or a failed one."""
    goal, _, percent = mark.partition(":")
    if goal != digest_of(dict(_without_zeros(target))) or not percent.isdigit():
        return 0
    return int(percent)


def failed_towards(mark: str, target: Split) -> bool:
    """Whether the mark is that of a failed rollout towards this target."""
    return mark == rollout_mark(target, FAILED_MARK)


class Verdict(StrEnum):
    """The verdict on a bake; too few observations are inconclusive, never a success."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One probe: milliseconds to the last byte, its problem ("" if it passed), and whether it was answered at all."""

    milliseconds: float
    problem: str = ""
    answered: bool = True


def judge(observations: Sequence[Observation], checks: Checks) -> tuple[Verdict, str]:
    """The verdict on a bake, and its reason in one sentence."""
    count = len(observations)
    problems = [seen.problem for seen in observations if seen.problem]
    if count and checks.max_error_rate is not None and len(problems) / count > checks.max_error_rate:
        rate = f"{len(problems) / count:.1%} of {count} probes failed; at most {checks.max_error_rate:.1%} may fail"
        return Verdict.FAILED, f"{rate}; the last one: {problems[-1]}"
    if checks.smoke and checks.max_error_rate is None and problems:
        return Verdict.FAILED, problems[-1]
    p95 = percentile(sorted(seen.milliseconds for seen in observations), 95) if observations else 0.0
    if checks.max_p95_ms is not None and p95 > checks.max_p95_ms:
        return Verdict.FAILED, f"the 95th percentile was {p95:.0f} ms; at most {checks.max_p95_ms:.0f} ms is allowed"
    if count < checks.min_requests:
        return Verdict.INCONCLUSIVE, f"only {count} probes were answered; at least {checks.min_requests} are required"
    return Verdict.PASSED, f"{count} probes, {len(problems)} failed"


def rescue_split(split: Split, failing: str, healthy: frozenset[str]) -> Split:
    """The split without `failing`: shares of the other healthy deployments, scaled up; empty if there are none."""
    others = {name: share for name, share in split.items() if name != failing and name in healthy}
    total = sum(others.values())
    if not total:
        return {}
    whole = sum(split.values())
    return apportion({name: share * whole / total for name, share in others.items()})


def failed_rollouts(plan: Plan) -> tuple[str, ...]:
    """The endpoints whose planned traffic was the target of a rollout that failed."""
    moves = [step for step in plan.steps if step.ref.kind is Kind.TRAFFIC]
    first = {step.ref.endpoint: step for step in reversed(moves)}
    last = {step.ref.endpoint: step for step in moves}
    return tuple(name for name, step in first.items() if _failed_before(step, last[name]))


def _failed_before(first: Step, last: Step) -> bool:
    """Whether the last rollout towards the target of these traffic steps failed."""
    mark = first.before.seen.bookkeeping.rollout if first.before else ""
    return failed_towards(mark, share_map(last.after, "traffic"))
