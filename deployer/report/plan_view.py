"""A plan as rows, counts and sentences: computed and redacted once, then used by every renderer.

Nothing that is secret gets past this module, and no text in a view acts on a terminal or spans lines unasked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from deployer.core.compute import compute_of
from deployer.core.diagnostics import Location
from deployer.core.diff import MISSING, FieldChange, Side
from deployer.core.fields import field_at
from deployer.core.plan import Action, Finding, Plan, Step
from deployer.core.plan_options import Options
from deployer.core.resources import KeyPath, Kind, dotted
from deployer.report.describe import effect_words, sentences, title, verb
from deployer.report.format import LONGEST_NAME, content, count, narrowed, opened, pair, scalar, shortened, size
from deployer.report.redaction import MASK, Mask, mask_of

Files = Mapping[str, Mapping[str, int]]
"""What the folders and files of a plan hold: source -> file in it -> bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One field: `before` is "" for something new, a long new list has a row an element; `effect` "" where created."""

    path: str
    before: str
    after: str
    effect: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step: its symbol, what it does in words, what changes, and the sentences that go with it.

    `effect` is that of its changes where all have the same, else "".
    """

    symbol: str
    verb: str
    kind: str
    endpoint: str
    name: str
    words: str
    changes: tuple[ChangeRow, ...] = ()
    reason: str = ""
    sentences: tuple[str, ...] = ()
    effect: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """One finding; `about` and `origin` are "" where it is about the plan as a whole."""

    code: str
    summary: str
    detail: str = ""
    about: str = ""
    origin: str = ""
    blocking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """All that a plan shows. `counts` has every verb, `summary` is the one line that says it all."""

    env: str
    project: str
    summary: str
    counts: Mapping[str, int]
    steps: tuple[StepRow, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    orphans: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    digest: str = ""
    is_empty: bool = True
    options: Options = field(default_factory=Options)

    @property
    def blockers(self) -> tuple[FindingRow, ...]:
        """The findings that refuse the plan."""
        return tuple(finding for finding in self.findings if finding.blocking)


def plan_view(
    plan: Plan, *, secrets: frozenset[str] = frozenset(), files: Files | None = None, verbose: bool = False
) -> PlanView:
    """The plan for showing. `files` gives content hashes a number of files and a size, `verbose` cuts nothing short."""
    look = _Look(mask=mask_of(secrets | _sensitive(plan)), files=files or {}, verbose=verbose)
    counts = {verb(action): 0 for action in Action} | Counter(verb(step.action) for step in plan.steps)
    return PlanView(
        env=look.name(plan.env),
        project=look.name(plan.project),
        summary=_summary(plan, counts),
        counts=counts,
        steps=tuple(look.step(step) for step in plan.steps),
        findings=tuple(look.finding(finding) for finding in sorted(plan.findings, key=_blocking_first)),
        orphans=tuple(look.name(str(ref)) for ref in plan.orphans),
        unchanged=tuple(look.name(str(ref)) for ref in plan.unchanged),
        digest=look.name(plan.digest),
        is_empty=plan.is_empty,
        options=replace(plan.options, overrides=tuple(look.name(words) for words in plan.options.overrides)),
    )


def _summary(plan: Plan, counts: Mapping[str, int]) -> str:
    """The line in which users of OpenTofu look first: "Plan: 2 to create, 1 to update, 0 to delete; 1 smoke test."."""
    tests = count(counts["smoke-test"], "smoke test")
    if plan.is_empty:
        same = len(plan.unchanged)
        matching = f" {count(same, 'resource')} {'matches' if same == 1 else 'match'} the specs." if same else ""
        return f"No changes.{matching}" + (f" {tests} to run." if counts["smoke-test"] else "")
    verbs = ["create", "update", *(["replace"] if counts["replace"] else []), "delete"]
    writes = ", ".join(f"{counts[verb]} to {verb}" for verb in verbs)
    return f"Plan: {writes}" + (f"; {tests}." if counts["smoke-test"] else ".")


def _blocking_first(finding: Finding) -> tuple[bool, str, str, str]:
    return not finding.blocking, str(finding.origin or ""), finding.code, finding.summary


def _sensitive(plan: Plan) -> frozenset[str]:
    """The values of sensitive fields: they are masked wherever they turn up, not in their own line alone."""
    changes = [change for step in plan.steps for change in step.changes if change.sensitive]
    return frozenset(text for change in changes for side in (change.before, change.after) for text in _texts(side))


def _texts(side: Side) -> Iterator[str]:
    match side:
        case str():
            yield side
        case Mapping():
            for value in side.values():
                yield from _texts(value)
        case list() | tuple():
            for value in side:
                yield from _texts(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """How things are to be shown: what is secret, what is known of files, whether long texts are cut."""

    mask: Mask
    files: Files
    verbose: bool

    def name(self, text: str) -> str:
        return shortened(self.mask.line(text), LONGEST_NAME)

    def place(self, origin: Location | None) -> str:
        return self.name(str(origin)) if origin else ""

    def finding(self, finding: Finding) -> FindingRow:
        return FindingRow(
            code=self.name(finding.code),
            summary=self.mask.line(finding.summary),
            detail=self.mask(finding.detail),
            about=self.name(str(finding.ref)) if finding.ref else "",
            origin=self.place(finding.origin),
            blocking=finding.blocking,
        )

    def step(self, step: Step) -> StepRow:
        changes = tuple(row for change in step.changes for row in self.rows(step, change))
        effects = {change.effect for change in changes}
        return StepRow(
            symbol=step.action.value,
            verb=verb(step.action),
            kind=step.ref.kind.value,
            endpoint=self.name(step.ref.endpoint),
            name=self.name(step.ref.name),
            words=self.name(title(step)),
            changes=changes,
            reason=self.mask.line(step.reason),
            sentences=tuple(self.mask.line(sentence) for sentence in (*sentences(step), *self.listings(step))),
            effect=effects.pop() if len(effects) == 1 else "",
            origin=self.place(step.origin),
        )

    def rows(self, step: Step, change: FieldChange) -> Iterator[ChangeRow]:
        """One row, or several for a long list that is new."""
        if change.sensitive:
            yield self.row(step, change, change.path, (MASK, MASK))
        elif step.before is None:
            for path, value in opened(change.path, change.after):
                yield self.row(step, change, path, self.both(step, path, MISSING, value))
        else:
            path, old, new, common = narrowed(change.path, change.before, change.after)
            before, after = self.both(step, path, old, new)
            if MASK in after:
                before = MASK  # what a secret replaces is likely to be the secret of before
            note = f"{common} more unchanged" if common else ""
            yield self.row(step, change, path, (before, after + _default_mark(step, change)), note)

    def row(self, step: Step, change: FieldChange, path: KeyPath, words: tuple[str, str], note: str = "") -> ChangeRow:
        new = step.before is None
        effect = "" if new else effect_words(change.effect)
        return ChangeRow(
            path=self.name(dotted(path)), before="" if new else words[0], after=words[1], effect=effect, note=note
        )

    def both(self, step: Step, path: KeyPath, old: Side, new: Side) -> tuple[str, str]:
        """Both sides in words: shares with a percent sign, content by its folder, everything else as YAML."""
        if step.ref.kind is Kind.TRAFFIC:
            return _share(old), _share(new)
        source = step.after.sources.get(path, "") if step.after else ""
        known = content(old, "", {}), content(new, source, self.files.get(source, {}))
        masked = pair(self.side(old), self.side(new), full=self.verbose)
        before, after = (self.mask.line(by_hash or text) for by_hash, text in zip(known, masked, strict=True))
        return before, after

    def side(self, side: Side) -> Side:
        return side if side is MISSING else self.mask.value(side)  # type: ignore[arg-type]

    def listings(self, step: Step) -> Iterator[str]:
        """The files behind each content hash that changes."""
        sources = step.after.sources if self.verbose and step.after else {}
        for source in filter(None, (sources.get(change.path) for change in step.changes)):
            if held := [f"{name} ({size(length)})" for name, length in sorted(self.files.get(source, {}).items())]:
                yield f"{source} holds {', '.join(held)}"


def _share(side: Side) -> str:
    return "0 %" if side is MISSING or side is None else f"{scalar(side)} %"


def _default_mark(step: Step, change: FieldChange) -> str:
    field, compute = field_at(step.ref.kind, change.path), compute_of(step.after.fields if step.after else {})
    return " (default)" if field.has_default and field.default_on(compute) == change.after else ""
