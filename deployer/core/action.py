"""Action: what a step does to a resource. In a module of its own, so that reading specs does not import plans."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never


class Action(StrEnum):
    """What a step does; the value is its symbol. TEST writes nothing: it runs the smoke test of a deployment."""

    CREATE = "+"
    UPDATE = "~"
    REPLACE = "-/+"
    DELETE = "-"
    TEST = "?"

    @property
    def writes(self) -> bool:
        """Whether the action changes the workspace."""
        match self:
            case Action.CREATE | Action.UPDATE | Action.REPLACE | Action.DELETE:
                return True
            case Action.TEST:
                return False
        assert_never(self)

    @property
    def removes(self) -> bool:
        """Whether the action deletes the existing resource."""
        match self:
            case Action.REPLACE | Action.DELETE:
                return True
            case Action.CREATE | Action.UPDATE | Action.TEST:
                return False
        assert_never(self)
