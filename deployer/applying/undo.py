"""Undo: move live traffic back to healthy deployments after a failed traffic step or smoke test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from deployer.applying.step import Tools, health_problem, write
from deployer.core.diff import diff
from deployer.core.errors import Busy, DeployerError, NotFound, Refused, SignInFailed, WorkspaceError, as_deployer_error
from deployer.core.outcome import Result, StepResult
from deployer.core.plan import Action, Step
from deployer.core.resources import Bookkeeping, Resource, deployment_ref, share_map, traffic_ref
from deployer.planning.rollout import FAILED_MARK, Split, rescue_split, rollout_mark

T = TypeVar("T")

UNDO_SECONDS = 600.0
"""How long to retry an undo."""


def undo(endpoint: str, find: Callable[[], Step | None], tools: Tools) -> list[StepResult]:
    """Find and carry out the step that undoes a failure, even after an interrupt: it protects live traffic."""
    started, step = tools.now(), Step(action=Action.UPDATE, ref=traffic_ref(endpoint))
    try:
        found = _retry_until_deadline(find, tools)
        if found is None:
            return []
        step = found
        tools.watcher.step_started(step)
        _retry_until_deadline(partial(write, step, tools), tools)
        result = StepResult(step=step, result=Result.UNDONE, seconds=tools.now() - started, note=step.reason)
    except Exception as error:
        result = StepResult(
            step=step,
            result=Result.FAILED,
            seconds=tools.now() - started,
            error=_with_manual_way_out(as_deployer_error(error)),
        )
    tools.watcher.step_ended(result)
    return [result]


def _with_manual_way_out(error: DeployerError) -> DeployerError:
    """The error of a failed undo, with instructions for doing it manually."""
    if isinstance(error, Refused):
        return error
    return WorkspaceError(
        f"the traffic could not be restored: {error.message}",
        hint="Once the workspace responds, run `deployer status`, then `deployer rollback` for the previous split.",
    )


def put_back(steps: Sequence[Step], failed: Step, tools: Tools) -> Step | None:
    """The step that restores the split from before the `steps` of a rollout; None if the split has not changed.

    Raises Refused if the live split is neither that before nor that after the `failed` step: someone else set it,
    perhaps a second apply of the same specs. The split recorded for `rollback` stays the same.
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
            f"someone else changed {first.ref} during its rollout; it was not restored",
            hint="Run `deployer status` to see it, and `deployer plan` to see what is needed now.",
        )
    mark = rollout_mark(share_map(last.after, "traffic"), FAILED_MARK)
    mirror = {name: part for name, part in share_map(first.before, "mirror_traffic").items() if name not in start}
    noted = Bookkeeping(previous_split=first.before.seen.bookkeeping.previous_split, rollout=mark)
    return _move_to(current, start, mirror, noted, "the previous split was restored")


def move_to_healthy(endpoint: str, failing: frozenset[str], tools: Tools) -> Step | None:
    """The step that moves the shares of failing deployments to healthy ones; None if either is missing."""
    current = tools.workspace.read(traffic_ref(endpoint))
    split = share_map(current, "traffic")
    losing = failing & split.keys()
    if current is None or not losing:
        return None
    healthy = frozenset(name for name in split.keys() - failing if _is_healthy(endpoint, name, tools))
    target = rescue_split(split, min(losing), healthy)  # none of the others that lose theirs is among the healthy
    mirror = {name: part for name, part in share_map(current, "mirror_traffic").items() if name not in target}
    noted = Bookkeeping(previous_split=split)
    return _move_to(current, target, mirror, noted, "traffic moved to healthy deployments") if target else None


def _is_healthy(endpoint: str, name: str, tools: Tools) -> bool:
    return not health_problem(tools.workspace.read(deployment_ref(endpoint, name)))


def _retry_until_deadline(work: Callable[[], T], tools: Tools) -> T:
    """The result of `work`, retried after a WorkspaceError until UNDO_SECONDS have passed.

    Busy is not retried: `work` has already waited for that. Nor are NotFound and SignInFailed.
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
