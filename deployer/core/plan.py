"""Plan: the ordered writes that turn live into desired, as values."""

from __future__ import annotations

from dataclasses import dataclass, field

from deployer.core.action import Action as Action
from deployer.core.diagnostics import Location
from deployer.core.diff import FieldChange
from deployer.core.intent import Checks, SmokeTest
from deployer.core.plan_options import Options
from deployer.core.resources import Bookkeeping, KeyPath, Ref, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Bake:
    """What must hold after a traffic step before the next: wait `seconds`, probing `deployments` with their tests."""

    seconds: float
    checks: Checks
    probes: tuple[tuple[Ref, SmokeTest], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One write (or one TEST), complete in itself: `after` is all that has to be known to carry it out.

    `before` is what was observed when planning (None: it did not exist), `after` None means deletion.
    `reason` explains to people; nothing branches on it. `test` belongs to TEST steps, `bake` to traffic steps of a
    rollout. The live value of the `ignore`d paths is kept, and read again just before the write. `bookkeeping` is
    what a traffic step leaves in our tags; None: the split it replaces, and no rollout.
    """

    action: Action
    ref: Ref
    before: Resource | None = None
    after: Resource | None = None
    changes: tuple[FieldChange, ...] = ()
    reason: str = ""
    origin: Location | None = None
    test: SmokeTest | None = None
    bake: Bake | None = None
    ignore: tuple[KeyPath, ...] = ()
    bookkeeping: Bookkeeping | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a reviewer should know about a plan; a blocking one refuses the apply unless its flag is given."""

    code: str
    summary: str
    detail: str = ""
    ref: Ref | None = None
    origin: Location | None = None
    blocking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What apply will do, and what it was decided on.

    `digest` covers the observed state of every resource the plan is about and the desired one: a saved plan whose
    digest no longer comes out is stale. `unchanged` are the resources that are as they should be. `orphans` carry this
    project's tag but are in no spec; they are only deleted when pruning was asked for.
    """

    env: str
    project: str
    steps: tuple[Step, ...] = ()
    unchanged: tuple[Ref, ...] = ()
    orphans: tuple[Ref, ...] = ()
    findings: tuple[Finding, ...] = ()
    digest: str = ""
    options: Options = field(default_factory=Options)

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be written."""
        return not any(step.action.writes for step in self.steps)

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """The findings that refuse this plan."""
        return tuple(finding for finding in self.findings if finding.blocking)
