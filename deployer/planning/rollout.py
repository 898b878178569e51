"""How traffic moves: the tests before it, and the splits on the way. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from deployer.core.bookkeeping import Bookkeeping
from deployer.core.diff import diff
from deployer.core.fingerprint import digest_of
from deployer.core.intent import Intent, Rollout
from deployer.core.plan import Action, Bake, Plan, Step, Watching
from deployer.core.resources import Kind, Ref, Resource, State, deployment_ref, share_map, traffic_ref
from deployer.planning.due_tests import due_tests
from deployer.planning.reconcile import in_order
from deployer.planning.verdicts import verdict_hash

Split = Mapping[str, int]

FAILED_MARK = "failed"


def with_tests_and_stages(
    steps: Sequence[Step], live: State, intent: Intent, owing: frozenset[str] = frozenset()
) -> tuple[Step, ...]:
    """The steps with the smoke tests that are due, and traffic steps split into stages."""
    moves = [*steps, *_unjudged(steps, live, intent)]
    verdicts = _verdicts(steps, live, intent)
    staged = [part for step in moves for part in _staged(step, intent, verdicts)]
    return in_order([*staged, *due_tests(steps, live, intent, owing)])


def _verdicts(steps: Sequence[Step], live: State, intent: Intent) -> Mapping[Ref, str]:
    """What the gates of each watched endpoint would decide on: its deployments as they will be, as hashes."""
    watched = {endpoint for endpoint, rollout in intent.rollouts.items() if rollout.watch}
    now: list[Resource] = [item for endpoint in sorted(watched) for item in live.deployments(endpoint)]
    written = [step.after for step in steps if step.after and step.ref.endpoint in watched]
    deployments = [item for item in [*now, *written] if item.ref.kind is Kind.DEPLOYMENT]
    return {item.ref: verdict_hash(item, intent) for item in deployments}


def _unjudged(steps: Sequence[Step], live: State, intent: Intent) -> Iterator[Step]:
    """Steps that change nothing, for rollouts that reached their target but whose last stage was not judged."""
    moved = {step.ref for step in steps}
    for endpoint, rollout in sorted(intent.rollouts.items()):
        traffic = live.get(traffic_ref(endpoint))
        if traffic is None or rollout.watch is None or traffic.ref in moved:
            continue
        if traffic.seen.bookkeeping.rollout == rollout_mark(share_map(traffic, "traffic"), 100):
            reason = "its last stage has not been judged yet"
            yield Step(action=Action.UPDATE, ref=traffic.ref, before=traffic, after=traffic, reason=reason)


def _staged(step: Step, intent: Intent, verdicts: Mapping[Ref, str]) -> Iterator[Step]:
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
        bake = _bake(step.ref.endpoint, start, stage, intent, verdicts)
        yield replace(
            step,
            before=before,
            after=after,
            changes=diff(before, after),
            bake=bake,
            bookkeeping=_noted(stage, start, mirror, target, bake),
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


def _noted(stage: Stage, start: Split, mirror: Split, target: Split, bake: Bake | None) -> Bookkeeping:
    """The bookkeeping of one stage: what it started from, and the progress until the target is reached and judged."""
    over = stage.split == target and not (bake and bake.watching)
    mark = "" if over else rollout_mark(target, stage.percent)
    return Bookkeeping(previous_split=start, previous_mirror=mirror, rollout=mark)


def awaits_judgement(step: Step) -> bool:
    """Whether a step reaches the target of a rollout, which is over only once its gates have passed."""
    return bool(step.bookkeeping and step.bookkeeping.rollout == rollout_mark(share_map(step.after, "traffic"), 100))


def _bake(endpoint: str, start: Split, stage: Stage, intent: Intent, verdicts: Mapping[Ref, str]) -> Bake | None:
    rollout = intent.rollouts.get(endpoint)
    if rollout is None:
        return None
    rising = [name for name, share in sorted(stage.split.items()) if share > start.get(name, 0)]
    refs = {name: deployment_ref(endpoint, name) for name in rising}
    return Bake(
        seconds=rollout.bake_seconds,
        checks=rollout.checks,
        probes=tuple((ref, intent.smoke_tests[ref]) for ref in refs.values() if ref in intent.smoke_tests),
        watching=_watching(rollout, start, stage, {name: verdicts.get(ref, "") for name, ref in refs.items()}),
    )


def _watching(rollout: Rollout, start: Split, stage: Stage, rising: Mapping[str, str]) -> Watching | None:
    """The gates of one stage; the risk of a false alarm in the whole rollout is divided among its comparisons.

    A first split has none: nobody has been served yet, so that there are no customers to watch.
    """
    if rollout.watch is None or not rising or not start:
        return None
    falling = sorted(start.keys() - rising.keys(), key=lambda name: (-start[name], name))
    beside = falling[0] if falling else ""
    return Watching(
        watch=rollout.watch,
        rising=rising,
        beside=beside,
        beside_serves=beside in stage.split,
        risk=rollout.risk(len(rising)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of a rollout: its percentage of the way, and its split."""

    percent: int
    split: Split


def stages(start: Split, target: Split, rollout: Rollout, *, done: int = 0) -> tuple[Stage, ...]:
    """The splits from `start` to `target` that come after `done` percent. All have the same sum as `target`.

    With gates, the stage at `done` is among them: nobody knows whether it was judged. If the sums of `start` and
    `target` differ (such as for a first split), the only stage is the target.
    """
    if sum(start.values()) != sum(target.values()):
        return (_arrival(target),)
    first = done if rollout.watch else done + 1
    percents = [percent for percent in sorted({*rollout.steps, 100}) if percent >= first]
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


def rollout_under_way(traffic: Resource | None) -> str:
    """How far the rollout of an endpoint has come, as "50 %", or "failed" for one that was put back; "" for none."""
    percent = traffic.seen.bookkeeping.rollout.rpartition(":")[2] if traffic else ""
    return f"{percent} %" if percent.isdigit() else percent
