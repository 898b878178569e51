"""What a reviewer decides from, beside the plan itself: where, what clients notice, traffic, machines, time, way back.

Computed and masked once, then used by every renderer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from deployer.core.fields import Effect
from deployer.core.plan import Action, Plan, Step
from deployer.core.prices import Prices
from deployer.core.redaction import Mask, mask_of
from deployer.core.references import AssetType
from deployer.core.resources import Kind, Ref, Resource, State, reference_at, share_map, version_named
from deployer.planning.capacity import Capacity, capacity
from deployer.planning.commits import CodeChange, served_before
from deployer.planning.durations import expected
from deployer.report.describe import verb
from deployer.report.format import count, seconds, short_commit, shortened
from deployer.report.impact import impact

LONGEST = 120
MOST_FILES = 20
HOURS = 730
"""Hours of a month: 365 days / 12, as price calculators of clouds have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a plan was made: env, workspace and commit in words, the project's folder in its repository, the version
    of this program, and `link`, the address of a line of the specs with `{file}` and `{line}` in it ("": unknown).
    """

    where: str = ""
    folder: str = ""
    version: str = ""
    link: str = ""

    def link_to(self, origin: str) -> str:
        """The address of a place in the specs, "specs/endpoint.yml:3:1"; "" where none is known."""
        file, _, rest = origin.partition(":")
        line = rest.partition(":")[0] or "1"
        return self.link.replace("{file}", quote(file)).replace("{line}", line) if self.link and file else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactRow:
    """A line of the table: what happens to a resource, what changes, what clients notice, and the risk."""

    symbol: str
    resource: str
    change: str
    notice: str
    risk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """The traffic of one endpoint: shares in percent by deployment, before the plan and after each step."""

    endpoint: str
    stages: tuple[str, ...]
    shares: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """A model that a deployment gets: the one before, the new one, and what the workspace or the specs say of it."""

    deployment: str
    before: str
    after: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """The code that a deployment gets: its folder, what it is compared with, and the files that differ, if known."""

    deployment: str
    folder: str
    beside: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    """What a reviewer decides from, in rows and sentences. Empty parts were not known, or have nothing to say."""

    place: Place = Place()
    impacts: tuple[ImpactRow, ...] = ()
    traffic: tuple[Shares, ...] = ()
    machines: tuple[Capacity, ...] = ()
    cost: str = ""
    minutes: str = ""
    models: tuple[ModelRow, ...] = ()
    code: tuple[CodeRow, ...] = ()
    undo: tuple[str, ...] = ()


def review_view(
    plan: Plan,
    live: State,
    *,
    place: Place,
    tested: frozenset[Ref],
    is_local: bool,
    files: Mapping[CodeChange, tuple[str, ...] | None] = {},
    prices: Prices | None = None,
    secrets: frozenset[str] = frozenset(),
) -> ReviewView:
    """What a reviewer of a plan decides from. `tested` are the deployments that passed their smoke test before.

    `files` are those that differ by each change of code, None where git does not know them.
    """
    mask = mask_of(secrets)
    passed = tested | {step.ref for step in plan.steps if step.action is Action.TEST}
    machines = capacity(plan, live)
    return ReviewView(
        place=place,
        impacts=tuple(_row(step, passed, mask) for step in plan.steps),
        traffic=tuple(_shares(plan, live, mask)),
        machines=machines,
        cost=_cost(machines, prices) if prices else "",
        minutes="" if is_local or plan.is_empty else _minutes(plan),
        models=tuple(row for step in plan.steps for row in _models(step, plan, live, mask)),
        code=tuple(_code(change, found, mask) for change, found in files.items()),
        undo=tuple(_undo(plan)),
    )


def _row(step: Step, passed: frozenset[Ref], mask: Mask) -> ImpactRow:
    found = impact(step, passed)
    return ImpactRow(
        symbol=step.action.value,
        resource=mask.line(str(step.ref)),
        change=mask.line(_change(step)),
        notice=mask.line(found.notice),
        risk=found.risk.value,
    )


def _change(step: Step) -> str:
    """ "update: instance_count, model"; traffic by its shares, which the picture shows."""
    if step.action is not Action.UPDATE or step.ref.kind is Kind.TRAFFIC:
        number, of = step.stage
        return f"step {number} of {of}" if of > 1 else verb(step.action)
    fields = sorted({change.path[0] for change in step.changes})
    return shortened(f"{verb(step.action)}: {', '.join(fields)}" if fields else verb(step.action), LONGEST)


def _shares(plan: Plan, live: State, mask: Mask) -> Iterator[Shares]:
    steps = [step for step in plan.steps if step.ref.kind is Kind.TRAFFIC and step.after]
    for endpoint in sorted({step.ref.endpoint for step in steps}):
        splits, stages = [dict(live.split(endpoint))], ["now"]
        for step in steps:
            if step.ref.endpoint == endpoint and "traffic" in (step.after.fields if step.after else {}):
                splits.append(dict(share_map(step.after, "traffic")))
                stages.append(_stage(step))
        names = sorted(set().union(*splits))
        if names and len(stages) > 1:
            by_name = {mask.line(name): tuple(split.get(name, 0) for split in splits) for name in names}
            yield Shares(endpoint=mask.line(endpoint), stages=tuple(stages), shares=by_name)


def _stage(step: Step) -> str:
    number, of = step.stage
    waits = step.bake.least_seconds if step.bake else 0
    return (f"step {number} of {of}" if of > 1 else "then") + (f", {seconds(waits)}" if waits else "")


def _cost(machines: tuple[Capacity, ...], prices: Prices) -> str:
    """ "+120 EUR a month (peak included for no more than its minutes)"; sizes without a price are named."""
    unknown = sorted(row.before.size for row in machines if row.before.size.lower() not in prices.per_hour)
    change = sum(
        (row.after.instances - row.before.instances) * prices.per_hour.get(row.before.size.lower(), 0.0)
        for row in machines
    )
    lacking = f"; no price is given for {', '.join(unknown)}" if unknown else ""
    return f"{change * HOURS:+,.0f} {prices.currency} a month by prices.yml{lacking}" if machines else ""


def _minutes(plan: Plan) -> str:
    found = expected(plan.steps)
    least, most = ((bound + found.waits) / 60 for bound in (found.least, found.most))
    waits = f", {seconds(found.waits)} of it bakes and windows" if found.waits else ""
    source = "by what was recorded of Azure and reported by users"
    return f"{least:.0f} to {max(most, least + 1):.0f} minutes{waits}, {source}"


def _models(step: Step, plan: Plan, live: State, mask: Mask) -> Iterator[ModelRow]:
    if step.ref.kind is not Kind.DEPLOYMENT or step.after is None:
        return
    old, new = _model_before(step, live), step.after.fields.get("model")
    if new is None or old == new or not isinstance(new, str):
        return
    found = reference_at(step.after, ("model",), AssetType.MODEL)
    ref = version_named(found) if found else None
    known = _asset(ref, plan, live) if ref else None
    yield ModelRow(
        deployment=mask.line(str(step.ref)),
        before=mask.line(shortened(old or "none")),
        after=mask.line(shortened(new)),
        about=mask.line(shortened(_about(known), LONGEST)) if known else "",
    )


def _model_before(step: Step, live: State) -> str:
    """The model of a deployment before a step; for a new one, that of the deployment that serves."""
    there = served_before(step, live)
    model = str(there.fields.get("model") or "") if there else ""
    return f"{model} ({there.ref.name}, which serves)" if model and there and not step.before else model


def _code(change: CodeChange, found: tuple[str, ...] | None, mask: Mask) -> CodeRow:
    """The files of a change of code, at most MOST_FILES."""
    beside = "" if change.beside == change.ref else f" of {change.beside.name}"
    since = f"commit {short_commit(change.commit)}{beside}" if change.commit else f"what is live{beside}"
    shown = tuple(mask.line(name) for name in (found or ())[:MOST_FILES])
    more = len(found or ()) - len(shown)
    return CodeRow(
        deployment=mask.line(str(change.ref)),
        folder=mask.line(change.folder),
        beside=mask.line(since),
        files=(*shown, count(more, "more file")) if more > 0 else shown,
    )


def _asset(ref: Ref, plan: Plan, live: State) -> Resource | None:
    written = (step.after for step in plan.steps if step.ref == ref and step.after)
    return next(written, None) or live.get(ref)


def _about(model: Resource) -> str:
    """The description and the tags of a model, and the job that made it."""
    tags = model.fields.get("tags")
    words = [f"{key}={value}" for key, value in sorted(tags.items())] if isinstance(tags, Mapping) else []
    job = f"made by job {model.seen.job}" if model.seen.job else ""
    return "; ".join(filter(None, [str(model.fields.get("description") or ""), ", ".join(words), job]))


def _undo(plan: Plan) -> Iterator[str]:
    """How to take back what was applied."""
    writes = [step for step in plan.steps if step.action.writes]
    if any(step.ref.kind is Kind.TRAFFIC and share_map(step.before, "traffic") for step in writes):
        yield "Traffic: `deployer rollback` restores the split from before in one write."
    content = {Effect.ROLLING, Effect.IMMUTABLE}
    updated = [step for step in writes if step.action is Action.UPDATE and step.ref.kind is Kind.DEPLOYMENT]
    if any(change.effect in content for step in updated for change in step.changes):
        yield "Content that fails its smoke test is put back by the same apply; later, an apply of the earlier commit."
    if any(change.effect not in content for step in updated for change in step.changes):
        yield "Instances and metadata: an apply of the earlier commit."
    gone = [step for step in writes if step.action.removes]
    if gone:
        keys = " An endpoint comes back with new keys." if any(step.ref.kind is Kind.ENDPOINT for step in gone) else ""
        yield f"{count(len(gone), 'deletion')}: an apply of the earlier commit creates them again.{keys}"
