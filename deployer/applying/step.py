"""One step, carried out: check that nothing moved, write, read back. And one smoke test, asked and judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, assert_never

from deployer.core.diff import FieldChange, diff
from deployer.core.errors import DeployerError, Refused, Unreachable, WorkspaceError
from deployer.core.intent import ANYTHING, SmokeTest
from deployer.core.outcome import StepResult
from deployer.core.plan import Action, Step
from deployer.core.resources import (
    Kind,
    Ref,
    Resource,
    deployment_ref,
    dotted,
    fingerprint,
    is_failed,
    share_map,
    traffic_ref,
)
from deployer.core.workspace import Answer, Workspace
from deployer.planning.reconcile import keep_live
from deployer.planning.rollout import Observation

READ_BACK_SECONDS = 60.0
"""How long old values may be answered after an operation has succeeded; Azure's reads are eventually consistent."""

OVERTAKEN_SECONDS = 5.0

NOT_YET = frozenset({404, 429, 502, 503})
"""What a deployment that just came up may answer for a moment: routes and probes settle after the operation."""

SETTLING_SECONDS = 30.0


class Interrupted(DeployerError):
    """Somebody asked to stop while a step was waiting; the next apply goes on from there."""


class Watcher(Protocol):
    """Whoever watches an apply; called from several threads at once."""

    def step_started(self, step: Step) -> None:
        """A step begins."""

    def waiting(self, step: Step, words: str) -> None:
        """A running step waits; `words` says for what."""

    def probing(self, step: Step, done: int, of: int) -> None:
        """A traffic step bakes: `done` of `of` rounds of probes were sent."""

    def step_ended(self, result: StepResult) -> None:
        """A step is over, one way or the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What an apply works with. `pause` waits that many seconds and says whether somebody asked to stop."""

    workspace: Workspace
    body: Callable[[SmokeTest], bytes]
    watcher: Watcher
    now: Callable[[], float]
    pause: Callable[[float], bool]
    stopping: Callable[[], bool]


def carry_out(step: Step, tools: Tools) -> str:
    """Write one step and read it back; the note says where nothing had to be done.

    Raises Refused when the resource is not as it was planned on or has got traffic and would be deleted, WorkspaceError
    when traffic would go to what is not healthy, or when the write or a field of it failed.
    """
    current = tools.workspace.read(step.ref)
    if _is_done(step, current):
        return "already so"
    _check_fresh(step, current)
    _check_traffic(step, current, tools)
    return write(_with_current_values(step, current), tools)


def write(step: Step, tools: Tools) -> str:
    """Write one step whatever there is now, and read it back. Raises WorkspaceError."""
    tools.workspace.execute(step)
    return _read_back(step, tools)


def _is_done(step: Step, current: Resource | None) -> bool:
    """Whether an interrupted or a second apply has already written this."""
    if step.after is None or current is None:
        return step.after is None and current is None
    return step.action is not Action.REPLACE and fingerprint(current, step.ignore) == fingerprint(
        step.after, step.ignore
    )


def _check_fresh(step: Step, current: Resource | None) -> None:
    if fingerprint(current, step.ignore) == fingerprint(step.before, step.ignore):
        return
    moved = _moved(step.before, current)
    raise Refused(
        f"{step.ref} was changed by somebody else after it was planned{moved}; nothing was written to it",
        hint="Run `deployer plan` to see what is needed now.",
    )


def _moved(before: Resource | None, current: Resource | None) -> str:
    """Which fields moved, for the message."""
    if before is None or current is None:
        return " (it exists now)" if current else " (it is gone)"
    paths = [dotted(change.path) for change in diff(before, current)]
    return f" ({', '.join(paths[:5])})" if paths else " (its last operation failed)"


def _check_traffic(step: Step, current: Resource | None, tools: Tools) -> None:
    """What was safe when it was planned may not be so any more: a rollout before this step can take hours."""
    match step.ref.kind:
        case Kind.TRAFFIC:
            _check_targets(step, current, tools)
        case Kind.DEPLOYMENT:
            if step.action.removes:
                _check_idle(step, tools)
        case Kind.ENDPOINT | Kind.MODEL | Kind.ENVIRONMENT:
            pass
        case _:
            assert_never(step.ref.kind)


def _check_targets(step: Step, current: Resource | None, tools: Tools) -> None:
    """Whatever gets more traffic is there and came up."""
    now = share_map(current, "traffic")
    for name, share in share_map(step.after, "traffic").items():
        ref = deployment_ref(step.ref.endpoint, name)
        if share > now.get(name, 0) and (problem := health_problem(tools.workspace.read(ref))):
            raise WorkspaceError(
                f"{ref} {problem}, so it gets no traffic",
                hint=f"`deployer logs {name}` may show why; run `deployer plan` to see what is needed now.",
                code="TargetNotHealthy",
            )


def _check_idle(step: Step, tools: Tools) -> None:
    """Azure deletes a deployment that serves without a word."""
    traffic = tools.workspace.read(traffic_ref(step.ref.endpoint))
    if step.ref.name in {**share_map(traffic, "traffic"), **share_map(traffic, "mirror_traffic")}:
        raise Refused(
            f"{step.ref} has got traffic since this was planned; it was not deleted",
            hint="Run `deployer plan` to see what is needed now.",
        )


def health_problem(deployment: Resource | None) -> str:
    """Why a deployment cannot serve; empty when it is there and its last operation worked."""
    if deployment is None:
        return "does not exist"
    return "failed when it was last created or changed" if is_failed(deployment) else ""


def _with_current_values(step: Step, current: Resource | None) -> Step:
    """The step with the values of this moment wherever somebody else owns the field."""
    if step.after is None or current is None or not step.ignore:
        return step
    kept = keep_live(step.after.fields, current.fields, step.ignore)
    return replace(step, after=replace(step.after, fields=kept))


def _read_back(step: Step, tools: Tools) -> str:
    """Read until the workspace shows what was written, or somebody asks to stop: then every pause is over at once."""
    started, wait = tools.now(), 0.2
    while missing := _not_taken(step, current := tools.workspace.read(step.ref)):
        overtaken = _is_overtaken(step, current)
        if tools.now() >= started + (OVERTAKEN_SECONDS if overtaken else READ_BACK_SECONDS):
            raise _not_as_written(step, missing, overtaken)
        tools.watcher.waiting(step, "reading back")
        if tools.pause(wait):
            return "written, and not read back because of the stop"
        wait = min(wait * 2, 5.0)
    return ""


def _is_overtaken(step: Step, current: Resource | None) -> bool:
    """Traffic is taken whole or not at all: a split that is neither the old nor the new one is somebody else's."""
    known = (share_map(step.before, "traffic"), share_map(step.after, "traffic"))
    return step.ref.kind is Kind.TRAFFIC and share_map(current, "traffic") not in known


def _not_as_written(step: Step, missing: str, overtaken: bool) -> DeployerError:
    if overtaken:
        return Refused(
            f"{step.ref} was changed by somebody else right after it was written",
            hint="Run `deployer plan` to see what is needed now.",
        )
    return WorkspaceError(missing, hint="What is live now shows in `deployer plan`.", code="FieldNotTaken")


def _not_taken(step: Step, current: Resource | None) -> str:
    """One sentence about what was written and does not show; empty when all does."""
    if step.after is None:
        return f"{step.ref} is still there after its deletion" if current else ""
    if current is None:
        return f"{step.ref} was written and cannot be read back"
    unknown = current.seen.unknown
    wrong = [change for change in diff(current, step.after) if change.path not in (*unknown, *step.ignore)]
    return f"the workspace accepted the change to {step.ref}, but {_words(wrong[0])}" if wrong else ""


def _words(change: FieldChange) -> str:
    if change.sensitive:
        return f"{dotted(change.path)} is not what was requested"
    return f"{dotted(change.path)} is {change.before!r} (requested: {change.after!r})"


def ask(ref: Ref, test: SmokeTest, tools: Tools) -> Observation:
    """One smoke test; the observation's problem is one sentence, empty when the answer is as declared."""
    try:
        answer = tools.workspace.score(ref.endpoint, tools.body(test), deployment=ref.name)
    except Unreachable as error:
        return Observation(milliseconds=0.0, problem=error.message)
    return Observation(milliseconds=answer.milliseconds, problem=problem_of(answer, test))


def ask_until_settled(ref: Ref, test: SmokeTest, tools: Tools) -> Observation:
    """A smoke test that forgives a deployment its first moments, not a wrong answer.

    Raises Unreachable when nothing ever answered, which says nothing about the deployment, and Interrupted.
    """
    deadline, wait = tools.now() + SETTLING_SECONDS, 0.5
    while True:
        try:
            answer = tools.workspace.score(ref.endpoint, tools.body(test), deployment=ref.name)
            if answer.status not in NOT_YET or answer.status == test.status or tools.now() >= deadline:
                return Observation(milliseconds=answer.milliseconds, problem=problem_of(answer, test))
        except Unreachable:
            if tools.now() >= deadline:
                raise
        wait_for(wait, tools, f"{ref} was given time to settle")
        wait = min(wait * 2, 5.0)


def wait_for(seconds: float, tools: Tools, what: str) -> None:
    """Wait. Raises Interrupted when somebody asked to stop; `what` says in a few words what was going on."""
    if seconds and tools.pause(seconds):
        raise Interrupted(f"interrupted while {what}", hint="`deployer apply` goes on from here.")


def problem_of(answer: Answer, test: SmokeTest) -> str:
    """What is wrong with an answer to a smoke test, in one sentence; empty when nothing is."""
    if answer.status != test.status:
        return f"answered {answer.status} instead of {test.status}: {_excerpt(answer.body)}"
    if test.json is not ANYTHING and (wrong := _wrong_json(answer.body, test)):
        return wrong
    if test.max_ms is not None and answer.milliseconds > test.max_ms:
        return f"took {answer.milliseconds:.0f} ms, at most {test.max_ms} ms is allowed"
    return ""


def _wrong_json(body: bytes, test: SmokeTest) -> str:
    try:
        value = json.loads(body)
    except ValueError:
        return f"answered something that is not JSON: {_excerpt(body)}"
    same = value == test.json and isinstance(value, bool) == isinstance(test.json, bool)
    return "" if same else f"answered {_excerpt(body)} instead of {json.dumps(test.json)}"


def _excerpt(body: bytes) -> str:
    text = " ".join(body.decode("utf-8", errors="replace").split())
    return text[:200] + ("…" if len(text) > 200 else "") if text else "an empty body"
