"""Carry out one step: check that the resource is unchanged, write, read back."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from deployer.applying.read_back import OVERTAKEN_SECONDS, read_back
from deployer.applying.tools import Tools, wait_for
from deployer.core.diff import diff
from deployer.core.errors import Refused, WorkspaceError
from deployer.core.fingerprint import fingerprint
from deployer.core.plan import Action, Step
from deployer.core.resources import Kind, Resource, deployment_ref, dotted, is_failed, share_map, traffic_ref
from deployer.core.workspace import Wanted
from deployer.planning.facts import has_traffic
from deployer.planning.reconcile import keep_live

LONGEST_WAIT = 30.0


def carry_out(step: Step, tools: Tools) -> str:
    """Look, write and read back one step; the note says if nothing had to be done.

    Where the workspace is busy or does not answer, the step waits and looks again before it writes again.

    Raises Refused if the resource has changed since planning, or would be deleted with traffic. Raises WorkspaceError
    if traffic would go to an unhealthy deployment, if the write fails, or if a field is not as written.
    """
    started, wait, failure, uploaded = tools.now(), 0.5, None, False
    while True:
        current = _look(step, failure, tools)
        if _is_done(step, current, failure):
            return "already so"
        _check_traffic(step, current, tools)
        try:
            if not uploaded and tools.workspace.upload(step):
                uploaded = True
                continue
            return write(_with_current_values(_still_to_do(step, current), current), tools)
        except WorkspaceError as error:
            failure = error
        pause = wait if failure.retry_after is None else failure.retry_after
        if tools.now() + pause > started + failure.retry_seconds:
            raise failure
        tools.watcher.waiting(step, "trying again")
        wait_for(pause, tools, f"waiting to write {step.ref}")
        wait = min(wait * 2, LONGEST_WAIT)


def _look(step: Step, failure: WorkspaceError | None, tools: Tools) -> Resource | None:
    """The resource as it is now, if it is still what was planned on or already what is wanted. Raises Refused if not.

    An old value may be shown for a moment, so a difference is believed only when it lasts.
    """
    started = tools.now()
    while True:
        current = tools.workspace.read(step.ref)
        if _is_done(step, current, failure) or _is_fresh(step, current, failure):
            return current
        if failure is not None and _is_failed_write(step, current):
            raise failure
        if tools.now() >= started + OVERTAKEN_SECONDS or tools.pause(1.0):
            raise _changed_meanwhile(step, current)


def _still_to_do(step: Step, current: Resource | None) -> Step:
    """The step without the deletion of a REPLACE that an earlier try got through."""
    gone = current is None and step.action is Action.REPLACE
    return replace(step, action=Action.CREATE, before=None) if gone else step


def write(step: Step, tools: Tools) -> str:
    """Write one step without checks, and read it back. Raises WorkspaceError, or Refused if it was overwritten."""
    tools.workspace.execute(step)
    return read_back(step, tools)


def _is_done(step: Step, current: Resource | None, failure: WorkspaceError | None) -> bool:
    """Whether the resource already is as the step would write it, by an earlier apply or a try without an answer."""
    if fingerprint(current, step.ignore) != fingerprint(step.after, step.ignore):
        return False
    match step.action:
        case Action.REPLACE:
            return failure is not None
        case Action.UPDATE:
            return not _takes_over(step, current)
        case Action.CREATE | Action.DELETE | Action.TEST:
            return True
    assert_never(step.action)


def _takes_over(step: Step, current: Resource | None) -> bool:
    """Whether a step is there for the project's tag alone, and that is still missing."""
    if step.changes or step.before is None or current is None:
        return False
    return not step.before.seen.owner and not current.seen.owner


def _is_fresh(step: Step, current: Resource | None, failure: WorkspaceError | None) -> bool:
    """Whether the resource is what was planned on; a failed try of ours may have left it failed, or deleted."""
    if fingerprint(current, step.ignore) == fingerprint(step.before, step.ignore):
        return True
    if failure is None or step.before is None:
        return False
    return step.action is Action.REPLACE if current is None else _same_fields(step, current, step.before)


def _is_failed_write(step: Step, current: Resource | None) -> bool:
    """Whether the resource is what a try of ours left behind: it has the values of the step, and has failed."""
    if current is None or step.after is None:
        return False
    return is_failed(current) and _same_fields(step, current, step.after)


def _same_fields(step: Step, one: Resource, other: Resource) -> bool:
    """Whether two states of a resource differ in ignored fields only."""
    left, right = (replace(item, observed=None) for item in (one, other))
    return fingerprint(left, step.ignore) == fingerprint(right, step.ignore)


def _changed_meanwhile(step: Step, current: Resource | None) -> Refused:
    return Refused(
        f"{step.ref} has changed since it was planned{_moved(step.before, current)}; nothing was written to it",
        hint="Run `deployer plan` to see what is needed now.",
    )


def _moved(before: Resource | None, current: Resource | None) -> str:
    """The changed fields, for the message."""
    if before is None or current is None:
        return " (it exists now)" if current else " (it is gone)"
    paths = [dotted(change.path) for change in diff(before, current)]
    return f" ({', '.join(paths[:5])})" if paths else " (its last operation failed)"


def _check_traffic(step: Step, current: Resource | None, tools: Tools) -> None:
    """Check the safety of a step again: a rollout before it can take hours."""
    match step.ref.kind:
        case Kind.TRAFFIC:
            _check_targets(step, current, tools)
        case Kind.DEPLOYMENT:
            if step.action.removes:
                _check_idle(step, tools)
        case Kind.ENDPOINT:
            if step.action.removes:
                _check_taken_along(step, tools)
        case Kind.MODEL | Kind.ENVIRONMENT | Kind.AUTOSCALE:
            pass
        case _:
            assert_never(step.ref.kind)


def _check_targets(step: Step, current: Resource | None, tools: Tools) -> None:
    """Raise WorkspaceError unless every deployment that gets more traffic is healthy."""
    now = share_map(current, "traffic")
    for name, share in share_map(step.after, "traffic").items():
        ref = deployment_ref(step.ref.endpoint, name)
        if share > now.get(name, 0) and (problem := health_problem(tools.workspace.read(ref))):
            raise WorkspaceError(
                f"{ref} {problem}, so it gets no traffic",
                hint=f"`deployer logs {name}` may show why; run `deployer plan` to see what is needed now.",
                code="TargetNotHealthy",
            )


def _check_taken_along(step: Step, tools: Tools) -> None:
    """Raise Refused if an endpoint has got deployments, or its first traffic, that its deletion would take along."""
    if not step.serving:
        _check_idle(step, tools)
    there = tools.workspace.observe(Wanted(endpoints=frozenset({step.ref.endpoint})))
    if fresh := [str(item.ref) for item in there.deployments(step.ref.endpoint) if item.ref not in step.takes]:
        raise Refused(
            f"{step.ref} has got {', '.join(fresh)} since it was planned; it was not deleted",
            hint="Run `deployer plan` to see what would be deleted now.",
        )


def _check_idle(step: Step, tools: Tools) -> None:
    """Raise Refused if a deployment has traffic: Azure would delete it without warning."""
    traffic = tools.workspace.read(traffic_ref(step.ref.endpoint))
    if has_traffic(step.ref, traffic):
        raise Refused(
            f"{step.ref} has received traffic since it was planned; it was not deleted",
            hint="Run `deployer plan` to see what is needed now.",
        )


def health_problem(deployment: Resource | None) -> str:
    """Why a deployment cannot serve; empty if it exists and its last operation succeeded."""
    if deployment is None:
        return "does not exist"
    return "failed when it was last created or changed" if is_failed(deployment) else ""


def _with_current_values(step: Step, current: Resource | None) -> Step:
    """The step with the current values of its ignored fields."""
    if step.after is None or current is None or not step.ignore:
        return step
    kept = keep_live(step.after.fields, current.fields, step.ignore)
    return replace(step, after=replace(step.after, fields=kept))
