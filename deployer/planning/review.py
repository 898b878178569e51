"""Case: a plan with everything it was made from, as the checks over it need it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce

from deployer.core.intent import Intent, Origins
from deployer.core.plan import Step
from deployer.core.resources import State
from deployer.planning.reconcile import simulate


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """The flags that lift a refusal, each by its own name on the command line."""

    outage: bool = False
    adopt: bool = False
    deletes: bool = False
    destroy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A plan and everything it was made from."""

    project: str
    desired: State
    live: State
    steps: tuple[Step, ...]
    intent: Intent = field(default_factory=Intent)
    origins: Origins = field(default_factory=Origins)
    allowed: Allowed = field(default_factory=Allowed)

    @property
    def end(self) -> State:
        """The state the whole plan leads to."""
        return reduce(simulate, self.steps, self.live)
