"""What follows a traffic step: wait and probe, and put the previous split back when the probes say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deployer.carry import Tools, ask
from deployer.diff import diff
from deployer.errors import DeployerError, WorkspaceError
from deployer.plan import Action, Bake, Step
from deployer.resources import FAILED_STATES, Resource, Status, deployment_ref, share_map, traffic_ref
from deployer.rollout import FAILED_MARK, Observation, Split, Verdict, judge, rescue_split, rollout_mark


class Interrupted(DeployerError):
    """Somebody asked to stop while a step was baking; the next apply goes on from there."""


def bake(step: Step, tools: Tools) -> str:
    """Probe the deployments whose share rose, spread over the bake; what was seen, in words.

    Raises WorkspaceError when they fail or too few answered, Interrupted when somebody asked to stop.
    """
    if step.bake is None:
        return ""
    if not step.bake.probes:
        _wait(step.bake.seconds, tools)
        return "baked without probes"
    return "; ".join(_verdicts(step, step.bake, tools))


def _wait(seconds: float, tools: Tools) -> None:
    if seconds and tools.pause(seconds):
        raise Interrupted("interrupted while the traffic step was baking", hint="`deployer apply` goes on from here.")


def _verdicts(step: Step, plan: Bake, tools: Tools) -> list[str]:
    """The sentence of each probed deployment, all probed in the same time."""
    seen: dict[str, list[Observation]] = {str(ref): [] for ref, _ in plan.probes}
    rounds = max(1, plan.checks.min_requests)
    for number in range(rounds):
        for ref, test in plan.probes:
            seen[str(ref)].append(ask(ref, test, tools))
            _stop_early(seen, plan)
        tools.watcher.probing(step, number + 1, rounds)
        _wait(plan.seconds / rounds, tools)
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


def put_back(steps: Sequence[Step], tools: Tools) -> Step | None:
    """The step that restores the split from before a rollout; None when nothing has moved."""
    first, last = steps[0], steps[-1]
    current = tools.workspace.read(first.ref)
    if first.before is None or last.after is None or current is None:
        return None
    start = (last.after.status or Status()).previous_split
    if share_map(current, "traffic") == start:
        return None
    mark = rollout_mark(share_map(last.after, "traffic"), FAILED_MARK)
    mirror = {name: part for name, part in share_map(first.before, "mirror_traffic").items() if name not in start}
    return _move_to(current, start, mirror, mark, "the previous split was put back")


def rescue(endpoint: str, sick: frozenset[str], tools: Tools) -> Step | None:
    """The step that moves the share of failing deployments to healthy ones; None when they serve nobody or alone."""
    current = tools.workspace.read(traffic_ref(endpoint))
    split = share_map(current, "traffic")
    if current is None or not sick & split.keys():
        return None
    healthy = frozenset(name for name in split.keys() - sick if _is_healthy(endpoint, name, tools))
    target: Split = split
    for name in sorted(sick & split.keys()):
        target = rescue_split(target, name, healthy)
    mirror = {name: part for name, part in share_map(current, "mirror_traffic").items() if name not in target}
    return _move_to(current, target, mirror, "", "traffic moved to what is healthy") if target else None


def _is_healthy(endpoint: str, name: str, tools: Tools) -> bool:
    resource = tools.workspace.read(deployment_ref(endpoint, name))
    return resource is not None and (resource.status or Status()).provisioning_state not in FAILED_STATES


def _move_to(current: Resource, split: Split, mirror: Split, mark: str, reason: str) -> Step:
    status = Status(previous_split=share_map(current, "traffic"), rollout=mark)
    fields = {"traffic": dict(split), "mirror_traffic": dict(mirror)}
    after = replace(current, fields=fields, status=status)
    return Step(
        action=Action.UPDATE,
        ref=current.ref,
        before=current,
        after=after,
        changes=diff(current, after),
        reason=reason,
    )
