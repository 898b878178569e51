"""Case: a plan with all its inputs, for the checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce

from deployer.core.intent import Intent, Origins
from deployer.core.plan import Step
from deployer.core.plan_options import Allow
from deployer.core.resources import State
from deployer.planning.reconcile import simulate


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A plan with all its inputs; `destroying` is True for `deployer destroy`."""

    project: str
    desired: State
    live: State
    steps: tuple[Step, ...]
    intent: Intent = field(default_factory=Intent)
    origins: Origins = field(default_factory=Origins)
    allow: frozenset[Allow] = frozenset()
    destroying: bool = False

    @property
    def end(self) -> State:
        """The live state after the whole plan."""
        return reduce(simulate, self.steps, self.live)
