"""Action: what a step does to a resource. It stands alone because what only reads specs does not need plans."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never


class Action(StrEnum):
    """What a step does; the value is its symbol. TEST writes nothing: it asks a deployment before it gets traffic."""

    CREATE = "+"
    UPDATE = "~"
    REPLACE = "-/+"
    DELETE = "-"
    TEST = "?"

    @property
    def writes(self) -> bool:
        """Whether the workspace is changed."""
        match self:
            case Action.CREATE | Action.UPDATE | Action.REPLACE | Action.DELETE:
                return True
            case Action.TEST:
                return False
        assert_never(self)

    @property
    def removes(self) -> bool:
        """Whether what was there before is gone afterwards."""
        match self:
            case Action.REPLACE | Action.DELETE:
                return True
            case Action.CREATE | Action.UPDATE | Action.TEST:
                return False
        assert_never(self)
