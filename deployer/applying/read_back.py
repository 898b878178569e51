"""Verify a write by reading: Azure may show old values for a while, and somebody else may have written since."""

from __future__ import annotations

from deployer.applying.tools import Tools
from deployer.core.diff import FieldChange, diff
from deployer.core.errors import DeployerError, Refused, WorkspaceError
from deployer.core.plan import Step
from deployer.core.resources import Kind, Resource, dotted, share_map

READ_BACK_SECONDS = 60.0
"""How long reads may return old values after a successful operation: Azure is eventually consistent."""

OVERTAKEN_SECONDS = 5.0
"""How long a value that somebody else wrote has to last until it is believed: before that, it may be an old one."""


def read_back(step: Step, tools: Tools) -> str:
    """Read until the workspace shows the written values; the note says if the user interrupted this."""
    started, wait = tools.now(), 0.2
    while missing := _not_taken(step, current := tools.workspace.read(step.ref)):
        overtaken = _is_overtaken(step, current)
        if tools.now() >= started + (OVERTAKEN_SECONDS if overtaken else READ_BACK_SECONDS):
            raise _not_as_written(step, missing, overtaken)
        tools.watcher.waiting(step, "verifying")
        if tools.pause(wait):
            return "written, but not verified because of the interruption"
        wait = min(wait * 2, 5.0)
    return ""


def _is_overtaken(step: Step, current: Resource | None) -> bool:
    """Whether someone else changed the traffic: its split is neither the one before the step nor the one after it."""
    known = (share_map(step.before, "traffic"), share_map(step.after, "traffic"))
    return step.ref.kind is Kind.TRAFFIC and share_map(current, "traffic") not in known


def _not_as_written(step: Step, missing: str, overtaken: bool) -> DeployerError:
    if overtaken:
        return Refused(
            f"someone else changed {step.ref} right after it was written",
            hint="Run `deployer plan` to see what is needed now.",
        )
    return WorkspaceError(missing, hint="Run `deployer plan` to see the live state.", code="FieldNotTaken")


def _not_taken(step: Step, current: Resource | None) -> str:
    """One sentence about a written value that does not show; empty if all do."""
    if step.after is None:
        return f"{step.ref} still exists after its deletion" if current else ""
    if current is None:
        return f"{step.ref} was written but cannot be read back"
    unknown = current.seen.unknown
    wrong = [change for change in diff(current, step.after) if change.path not in (*unknown, *step.ignore)]
    return f"the workspace accepted the change to {step.ref}, but {_words(wrong[0])}" if wrong else ""


def _words(change: FieldChange) -> str:
    if change.sensitive or change.path[0] == "environment_variables":  # what is live there can be anybody's secret
        return f"{dotted(change.path)} is not what was requested"
    return f"{dotted(change.path)} is {change.before!r} (requested: {change.after!r})"
