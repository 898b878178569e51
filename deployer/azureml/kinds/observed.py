"""What only the workspace knows of an endpoint or a deployment, and waiting until nobody changes one."""

from __future__ import annotations

from collections.abc import Callable

from deployer.azureml.access import Raw
from deployer.azureml.bookkeeping import read_notes
from deployer.azureml.kinds.rows import wire_value
from deployer.azureml.retry import Patience, wait_for
from deployer.core.resources import BUSY_STATES, Bookkeeping, Observed, Ref


def observed(raw: Raw) -> Observed:
    """What only the workspace knows of an endpoint or a deployment."""
    notes = read_notes(raw.get("tags"))
    return Observed(
        provisioning_state=_state(raw),
        owner=notes.project,
        scoring_uri=wire_value(raw, "properties", "scoringUri") or "",
        bookkeeping=Bookkeeping(previous_split=notes.previous, rollout=notes.rollout),
    )


def settled(patience: Patience, ref: Ref, look: Callable[[], Raw | None]) -> Raw | None:
    """The JSON of an endpoint or a deployment that no operation is under way on; None when it is not there."""
    return wait_for(patience, f"see {ref} settle", look, _is_settled)


def _is_settled(raw: Raw | None) -> bool:
    return raw is None or _state(raw) not in BUSY_STATES


def _state(raw: Raw) -> str:
    return str(wire_value(raw, "properties", "provisioningState") or "Succeeded")
