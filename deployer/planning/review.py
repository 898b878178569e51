"""Case: a plan with all its inputs, for the checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from functools import reduce

from deployer.core.intent import Intent, Origins
from deployer.core.plan import Step
from deployer.core.plan_options import Allow
from deployer.core.resources import State
from deployer.planning.reconcile import simulate
from deployer.planning.revisions import NO_REVISIONS, Revisions


class Purpose(Enum):
    """What a plan is for."""

    APPLY = auto()
    ROLLBACK = auto()
    DESTROY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A plan with all its inputs; `is_local` if it is for the local workspace.

    `outside` are the folders beside the project that specs may name files in.
    """

    project: str
    desired: State
    live: State
    steps: tuple[Step, ...]
    intent: Intent = field(default_factory=Intent)
    origins: Origins = field(default_factory=Origins)
    allow: frozenset[Allow] = frozenset()
    outside: tuple[str, ...] = ()
    purpose: Purpose = Purpose.APPLY
    is_local: bool = False
    revisions: Revisions = NO_REVISIONS

    @property
    def end(self) -> State:
        """The live state after the whole plan."""
        return reduce(simulate, self.steps, self.live)
