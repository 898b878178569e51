"""Observed facts about endpoints and deployments, and waiting for operations on them to end."""

from __future__ import annotations

from collections.abc import Callable

from deployer.azureml.access import Raw
from deployer.azureml.bookkeeping import read_notes
from deployer.azureml.kinds.rows import wire_value
from deployer.azureml.retry import Patience, wait_for
from deployer.core.bookkeeping import Bookkeeping
from deployer.core.plan import Step
from deployer.core.resources import BUSY_STATES, NOTHING, Observed, Ref, Resource, noted_secrets
from deployer.core.secret_paths import SecretPaths


def observed(raw: Raw) -> Observed:
    """The observed facts about an endpoint or a deployment."""
    notes = read_notes(raw.get("tags"))
    return Observed(
        provisioning_state=_state(raw),
        owner=notes.project,
        scoring_uri=wire_value(raw, "properties", "scoringUri") or "",
        created=str(wire_value(raw, "systemData", "createdAt") or ""),
        created_by=str(wire_value(raw, "systemData", "createdBy") or ""),
        bookkeeping=Bookkeeping(
            previous_split=notes.previous,
            previous_mirror=notes.previous_mirror,
            rollout=notes.rollout,
            tested=notes.tested,
            failed=notes.failed,
            held=notes.held or None,
            earlier=notes.earlier,
            revision=notes.revision,
            commit=notes.commit,
            secret=notes.secret,
            autoscaled=notes.autoscaled,
        ),
    )


def secret_fields(step: Step, after: Resource) -> SecretPaths:
    """The fields to note as secret with a write: those that are, and those that were and may be put back."""
    before = step.before.fields if step.before else NOTHING
    return noted_secrets(step.before).and_those_of(before).and_those_of(after.fields)


def settled(patience: Patience, ref: Ref, look: Callable[[], Raw | None]) -> Raw | None:
    """The JSON of an endpoint or a deployment after operations on it have ended; None if it does not exist."""
    return wait_for(patience, f"see {ref} settle", look, _is_settled)


def _is_settled(raw: Raw | None) -> bool:
    return raw is None or _state(raw) not in BUSY_STATES


def _state(raw: Raw) -> str:
    return str(wire_value(raw, "properties", "provisioningState") or "Succeeded")
