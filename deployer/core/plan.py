"""Plan: the ordered steps from live to desired, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deployer.core.action import Action as Action
from deployer.core.bookkeeping import Bookkeeping
from deployer.core.diagnostics import Location
from deployer.core.diff import FieldChange
from deployer.core.intent import Checks, SmokeTest, Watch
from deployer.core.plan_options import Options
from deployer.core.resources import KeyPath, Ref, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """The gates on customers' requests after a traffic step, for the deployments that get a larger share by it.

    `rising` are these deployments with what a verdict on them is about, as a hash; `beside` is the one that served
    before and that they are compared with, "" if there is none; `beside_serves` if it still does. A comparison may find
    a difference that is not there with the probability `risk`.
    """

    watch: Watch
    rising: Mapping[str, str]
    beside: str
    beside_serves: bool
    risk: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bake:
    """The wait after a traffic step: `seconds`, while `probes` (deployments with their tests) must pass `checks`.

    With `watching`, customers' requests are judged too.
    """

    seconds: float
    checks: Checks
    probes: tuple[tuple[Ref, SmokeTest], ...]
    watching: Watching | None = None

    @property
    def least_seconds(self) -> float:
        """How long a step takes at least after its write: the wait, and the windows of its gates."""
        if self.watching is None:
            return self.seconds
        watch = self.watching.watch
        return max(self.seconds, watch.grain + watch.window) + watch.settle


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One write, or one TEST.

    `before` is the observed resource (None: it does not exist), `after` the resource to write (None for DELETE and
    TEST). `reason` is an explanation for the user; nothing branches on it. `test` belongs to TEST steps, `bake` to
    traffic steps of a rollout. `ignore` are paths whose live value is kept; it is read again just before the write.
    `bookkeeping` is what a step writes to our tags; None on a traffic step means the split that it replaces, and no
    rollout. `serving`: the deployment has live traffic now. `verdict` is what a TEST decides on, as a hash.
    `stage` is the number of a step in its rollout, and how many there are. `takes` are the deployments that are deleted
    with their endpoint. `outlived`: the deployment of an autoscale setting that is deleted stays.
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
    serving: bool = False
    verdict: str = ""
    stage: tuple[int, int] = (1, 1)
    takes: tuple[Ref, ...] = ()
    outlived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fact about a plan for its reviewer; a blocking finding refuses the apply."""

    code: str
    summary: str
    detail: str = ""
    ref: Ref | None = None
    origin: Location | None = None
    blocking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps of an apply, with findings.

    `digest` covers the observed and the desired state of every step: a saved plan with another digest is stale. `goal`
    covers everything that the specs ask for, and so stays the same once the plan has been applied.
    `unchanged` are the resources that match the specs. `held` are deployments whose content was rolled back: the specs
    still ask for it, and nothing is done about it. `orphans` carry this project's tag but are in no spec; only
    `--prune` deletes them.
    """

    env: str
    project: str
    steps: tuple[Step, ...] = ()
    unchanged: tuple[Ref, ...] = ()
    orphans: tuple[Ref, ...] = ()
    findings: tuple[Finding, ...] = ()
    held: tuple[Ref, ...] = ()
    digest: str = ""
    goal: str = ""
    options: Options = field(default_factory=Options)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done: nothing to write, and no smoke test to run."""
        return not self.steps

    @property
    def is_settled(self) -> bool:
        """Whether the workspace is as the specs say: nothing is to be done, and nothing is held."""
        return self.is_empty and not self.held

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """The findings that refuse this plan."""
        return tuple(finding for finding in self.findings if finding.blocking)
