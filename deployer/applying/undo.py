"""Undo: after a failed traffic step or smoke test, move live traffic back, or put earlier content back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from deployer.applying.result import tried
from deployer.applying.smoke import smoke
from deployer.applying.step import health_problem, write
from deployer.applying.tools import Tools
from deployer.core.bookkeeping import Bookkeeping
from deployer.core.diff import diff
from deployer.core.errors import (
    Busy,
    DeployerError,
    NotFound,
    Refused,
    SignInFailed,
    WorkspaceError,
    as_deployer_error,
)
from deployer.core.outcome import Result, StepResult
from deployer.core.plan import Action, Step
from deployer.core.resources import Kind, Ref, Resource, deployment_ref, share_map, traffic_ref
from deployer.planning.commits import commit_before
from deployer.planning.earlier import earlier_content
from deployer.planning.rollout import FAILED_MARK, Split, rescue_split, rollout_mark
from deployer.planning.verdicts import about

T = TypeVar("T")

UNDO_SECONDS = 600.0
"""How long to retry an undo."""


def undo(ref: Ref, find: Callable[[], Step | None], tools: Tools) -> list[StepResult]:
    """Find and carry out the step that undoes a failure, even after an interrupt: it protects live traffic.

    `ref` is the resource that this step will change.
    """
    started, step = tools.now(), Step(action=Action.UPDATE, ref=ref)
    try:
        found = retry_until_deadline(ref, find, tools)
        if found is None:
            return []
        step = found
        tools.watcher.step_started(step)
        retry_until_deadline(ref, partial(_write_latest, [found], find, tools), tools)
        result = StepResult(step=step, result=Result.UNDONE, seconds=tools.now() - started, note=step.reason)
    except Exception as error:
        result = StepResult(
            step=step,
            result=Result.FAILED,
            seconds=tools.now() - started,
            error=_with_manual_way_out(ref, as_deployer_error(error)),
        )
    tools.watcher.step_ended(result)
    return [result]


def _write_latest(found: list[Step], find: Callable[[], Step | None], tools: Tools) -> None:
    """Write the step that was found; later tries look again first, since somebody may have written meanwhile."""
    step = found.pop() if found else find()
    if step is not None:
        write(step, tools)


def _with_manual_way_out(ref: Ref, error: DeployerError) -> DeployerError:
    """The error of a failed undo, with instructions for doing it manually."""
    if isinstance(error, Refused):
        return error
    if ref.kind is Kind.DEPLOYMENT:
        return WorkspaceError(
            f"the earlier content of {ref} could not be put back: {error.message}",
            hint="It still serves what failed its smoke test. Put the earlier content into its spec, and apply.",
        )
    return WorkspaceError(
        f"the traffic could not be restored: {error.message}",
        hint="Once the workspace responds, run `deployer status`, then `deployer rollback` for the previous split.",
    )


def undo_in_place(write: Step | None, test: Step, tools: Tools) -> list[StepResult]:
    """Undo a deployment that serves and gave a wrong answer; `write` is its update in this run, if there was one.

    Its traffic moves to healthy deployments, or its earlier content is put back and tested again.
    """
    endpoint, failing = test.ref.endpoint, frozenset([test.ref.name])
    moved = undo(traffic_ref(endpoint), partial(move_to_healthy, endpoint, failing, tools), tools)
    return moved or _put_content_back(write, test, tools)


def _put_content_back(write: Step | None, test: Step, tools: Tools) -> list[StepResult]:
    results = undo(test.ref, partial(_content_step, write, test, tools), tools)
    after = results[0].step.after if results else None
    if after is None or results[0].result is not Result.UNDONE:
        return results or [_nothing_to_put_back(test, tools)]
    again = replace(test, verdict=about(test.verdict, after, test.ignore), reason="")
    return [*results, tried(again, tools, smoke)]


def _content_step(write: Step | None, test: Step, tools: Tools) -> Step | None:
    """The step that puts earlier content back; None if that is not known."""
    current = tools.workspace.read(test.ref)
    after = earlier_content(write, current, test.ignore) if current else None
    if current is None or after is None:
        return None
    return Step(
        action=Action.UPDATE,
        ref=test.ref,
        before=current,
        after=after,
        changes=diff(current, after),
        reason="the earlier content was put back",
        ignore=test.ignore,
        bookkeeping=Bookkeeping(commit=commit_before(write, after, test.ignore)),
        serving=True,
    )


def _nothing_to_put_back(test: Step, tools: Tools) -> StepResult:
    error = WorkspaceError(
        f"{test.ref} still serves content that failed its smoke test: no other deployment can take its traffic, and "
        "its earlier content is not known",
        hint="Correct its spec and apply, or create a second deployment and move the traffic to it.",
    )
    result = StepResult(step=Step(action=Action.UPDATE, ref=test.ref), result=Result.FAILED, error=error)
    tools.watcher.step_ended(result)
    return result


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
    known = first.before.seen.bookkeeping
    noted = Bookkeeping(previous_split=known.previous_split, previous_mirror=known.previous_mirror, rollout=mark)
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
    noted = Bookkeeping(previous_split=split, previous_mirror=share_map(current, "mirror_traffic"))
    return _move_to(current, target, mirror, noted, "traffic moved to healthy deployments") if target else None


def _is_healthy(endpoint: str, name: str, tools: Tools) -> bool:
    return not health_problem(tools.workspace.read(deployment_ref(endpoint, name)))


def retry_until_deadline(ref: Ref, work: Callable[[], T], tools: Tools) -> T:
    """The result of `work` on a resource, retried after a WorkspaceError until UNDO_SECONDS have passed.

    Not retried are NotFound, SignInFailed, and a resource that stayed busy all the time it was waited for. A refused
    write of a deployment would be refused again, for example because its earlier model is gone.
    """
    deadline = tools.now() + UNDO_SECONDS
    while True:
        try:
            return work()
        except WorkspaceError as error:
            final = ref.kind is Kind.DEPLOYMENT or isinstance(error, Busy | NotFound | SignInFailed)
            if (final and not error.retry_seconds) or tools.now() >= deadline or tools.pause(10.0):
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
