"""Common properties of models and environments."""

from __future__ import annotations

from typing import assert_never

from deployer.core.action import Action
from deployer.kinds.phases import Phase


def phase(action: Action) -> Phase | None:
    """Assets are written first and never deleted: other endpoints may use them."""
    match action:
        case Action.CREATE | Action.UPDATE:
            return Phase.ASSETS
        case Action.REPLACE | Action.DELETE | Action.TEST:
            return None
    assert_never(action)
