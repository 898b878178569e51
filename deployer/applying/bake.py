"""What follows a traffic step: wait and probe, and put the previous split back when the probes say so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from deployer.applying.step import Tools, ask, health_problem, wait_for
from deployer.core.diff import diff
from deployer.core.errors import Busy, NotFound, Refused, SignInFailed, WorkspaceError
from deployer.core.plan import Action, Bake, Step
from deployer.core.resources import Bookkeeping, Resource, deployment_ref, share_map, traffic_ref
from deployer.planning.rollout import FAILED_MARK, Observation, Split, Verdict, judge, rescue_split, rollout_mark

T = TypeVar("T")

BAKING = "the traffic step was baking"

UNDO_SECONDS = 600.0
"""How long to keep trying to bring live traffic back to what is healthy."""


def bake(step: Step, tools: Tools) -> str:
    """Probe the deployments whose share rose, spread over the bake; what was seen, in words.

    Raises WorkspaceError when they fail or too few answered, Interrupted when somebody asked to stop.
    """
    if step.bake is None:
        return ""
    if not step.bake.probes:
        wait_for(step.bake.seconds, tools, BAKING)
        return "baked without probes"
    return "; ".join(_verdicts(step, step.bake, tools))


def _verdicts(step: Step, plan: Bake, tools: Tools) -> list[str]:
    """The sentence of each probed deployment, all probed in the same time."""
    seen: dict[str, list[Observation]] = {str(ref): [] for ref, _ in plan.probes}
    rounds = max(1, plan.checks.min_requests)
    for number in range(rounds):
        for ref, test in plan.probes:
            seen[str(ref)].append(ask(ref, test, tools))
            _stop_early(seen, plan)
        tools.watcher.probing(step, number + 1, rounds)
        wait_for(plan.seconds / rounds, tools, BAKING)
    return [_accepted(name, judge(observations, plan.checks)) for name, observations in seen.items()]


def _stop_early(seen: dict[str, list[Observation]], plan: Bake) -> None:
    """A deployment that can no longer pass is not probed further, and serves no longer than it has to."""
    allowed = (plan.checks.max_error_rate or 0.0) * max(1, plan.checks.min_requests)
    for name, observations in seen.items():
        problems = [item.problem for item in observations if item.problem]
        if plan.checks.smoke and len(problems) > allowed:
            raise _failed(name, f"{len(problems)} of {len(observations)} probes failed; the last one: {problems[-1]}")


def _accepted(name: str, verdict: tuple[Verdict, str]) -> str:
    if verdict[0] is Verdict.PASSED:
        return f"{name}: {verdict[1]}"
    raise _failed(name, f"{verdict[0]}: {verdict[1]}")


def _failed(name: str, reason: str) -> WorkspaceError:
    return WorkspaceError(f"the checks on {name} did not pass: {reason}", code="RolloutCheckFailed")


def put_back(steps: Sequence[Step], failed: Step, tools: Tools) -> Step | None:
    """The step that restores the split from before the `steps` of a rollout; None when nothing has moved.

    Raises Refused when the split is neither from before nor from after the `failed` step: somebody else has put it, and
    be it a second apply of the same specs. What `rollback` would go back to stays what it was.
    """
    first, last = steps[0], steps[-1]
    current = tools.workspace.read(first.ref)
    if first.before is None or last.after is None or current is None:
        return None
    start = last.bookkeeping.previous_split if last.bookkeeping else {}
    now = share_map(current, "traffic")
    if now == start:
        return None
    if now not in (share_map(failed.before, "traffic"), share_map(failed.after, "traffic")):
        raise Refused(
            f"the {first.ref} was changed by somebody else during its rollout; it was left as it is",
            hint="`deployer status` shows it, `deployer plan` what is to be done now.",
        )
    mark = rollout_mark(share_map(last.after, "traffic"), FAILED_MARK)
    mirror = {name: part for name, part in share_map(first.before, "mirror_traffic").items() if name not in start}
    noted = Bookkeeping(previous_split=first.before.seen.bookkeeping.previous_split, rollout=mark)
    return _move_to(current, start, mirror, noted, "the previous split was put back")


def rescue(endpoint: str, failing: frozenset[str], tools: Tools) -> Step | None:
    """The step that moves the share of failing deployments to healthy ones; None when they serve nobody or alone."""
    current = tools.workspace.read(traffic_ref(endpoint))
    split = share_map(current, "traffic")
    if current is None or not failing & split.keys():
        return None
    healthy = frozenset(name for name in split.keys() - failing if _is_healthy(endpoint, name, tools))
    target: Split = split
    for name in sorted(failing & split.keys()):
        target = rescue_split(target, name, healthy)
    mirror = {name: part for name, part in share_map(current, "mirror_traffic").items() if name not in target}
    noted = Bookkeeping(previous_split=split)
    return _move_to(current, target, mirror, noted, "traffic moved to what is healthy") if target else None


def _is_healthy(endpoint: str, name: str, tools: Tools) -> bool:
    return not health_problem(tools.workspace.read(deployment_ref(endpoint, name)))


def retry_until_deadline(work: Callable[[], T], tools: Tools) -> T:
    """The result of something that protects live traffic, tried again while the workspace is in trouble.

    What is Busy has been waited for already.
    """
    deadline = tools.now() + UNDO_SECONDS
    while True:
        try:
            return work()
        except (Busy, NotFound, SignInFailed):
            raise
        except WorkspaceError:
            if tools.now() >= deadline or tools.pause(10.0):
                raise


def _move_to(current: Resource, split: Split, mirror: Split, noted: Bookkeeping, reason: str) -> Step:
    fields = {"traffic": dict(split), "mirror_traffic": dict(mirror)}
    after = replace(current, fields=fields, observed=None)
    return Step(
        action=Action.UPDATE,
        ref=current.ref,
        before=current,
        after=after,
        changes=diff(current, after),
        reason=reason,
        bookkeeping=noted,
    )
