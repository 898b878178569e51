"""A plan as rows, counts and sentences for display: computed and masked once, then used by every renderer.

Secrets are masked here, and control characters are escaped; only the details of findings can have several lines.
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
from deployer.core.redaction import MASK, Mask, mask_of
from deployer.core.resources import KeyPath, Kind, Ref, dotted, noted_secrets
from deployer.planning.vm_sizes import usual_name
from deployer.report.describe import baking_seconds, effect_words, sentences, title, verb
from deployer.report.format import (
    LONGEST_NAME,
    content,
    count,
    narrowed,
    opened,
    pair,
    scalar,
    seconds,
    shortened,
    size,
)
from deployer.report.live_secrets import live_secrets, mentioned, texts, without_secrets

SIZE = ("instance_type",)
Files = Mapping[str, Mapping[str, int]]
"""The content of the local folders and files of a plan: source -> relative file name -> bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One changed field. `before` and `effect` are "" in a new resource, where a long list has one row per element."""

    path: str
    before: str
    after: str
    effect: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step: its symbol, its action in words, its changes, and further sentences.

    `effect` is the common effect of its changes, or "" if they differ.
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

    @property
    def resource(self) -> str:
        """What the step is about: "deployment digits/blue"."""
        return str(Ref(kind=Kind(self.kind), endpoint=self.endpoint, name=self.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """One finding; `about` and `origin` are "" if it is about the whole plan."""

    code: str
    summary: str
    detail: str = ""
    about: str = ""
    origin: str = ""
    blocking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan for display. `counts` has the number of steps by verb, `summary` is one line."""

    env: str
    project: str
    summary: str
    counts: Mapping[str, int]
    steps: tuple[StepRow, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    orphans: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    digest: str = ""
    goal: str = ""
    is_empty: bool = True
    options: Options = field(default_factory=Options)

    @property
    def blockers(self) -> tuple[FindingRow, ...]:
        """The findings that refuse the plan."""
        return tuple(finding for finding in self.findings if finding.blocking)


def plan_view(
    plan: Plan, *, secrets: frozenset[str] = frozenset(), files: Files | None = None, verbose: bool = False
) -> PlanView:
    """The plan for display. `files` adds file counts and sizes to content hashes, `verbose` shows long values."""
    hidden = secrets | _sensitive(plan) | live_secrets(plan)
    look = _Look(mask=mask_of(hidden), files=files or {}, verbose=verbose, known=mentioned(plan))
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
        goal=look.name(plan.goal),
        is_empty=plan.is_empty,
        options=replace(
            plan.options,
            overrides=tuple(look.name(words) for words in plan.options.overrides),
            outside=tuple(look.name(folder) for folder in plan.options.outside),
        ),
    )


def _summary(plan: Plan, counts: Mapping[str, int]) -> str:
    """The summary line, as in OpenTofu: "Plan: 2 to create, 1 to update, 0 to delete; 1 smoke test."."""
    tests = count(counts["smoke-test"], "smoke test")
    if not any(step.action.writes for step in plan.steps):
        same = len(plan.unchanged)
        matching = f" {count(same, 'resource')} {'matches' if same == 1 else 'match'} the specs." if same else ""
        return f"Plan: nothing to write; {tests} to run." if plan.steps else f"No changes.{matching}"
    verbs = ["create", "update", *(["replace"] if counts["replace"] else []), "delete"]
    writes = ", ".join(f"{counts[verb]} to {verb}" for verb in verbs)
    baking = baking_seconds(plan.steps)
    more = [*([tests] if counts["smoke-test"] else []), *([f"bakes {seconds(baking)}"] if baking else [])]
    return "; ".join([f"Plan: {writes}", *more]) + "."


def _blocking_first(finding: Finding) -> tuple[bool, str, str, str]:
    return not finding.blocking, str(finding.origin or ""), finding.code, finding.summary


def _sensitive(plan: Plan) -> frozenset[str]:
    """The values of sensitive fields, which are masked everywhere, not only in their own rows."""
    changes = [change for step in plan.steps for change in step.changes if change.sensitive]
    return frozenset(
        text for change in changes for side in (change.before, change.after) for _, text in texts((), side)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """Display options: the mask for secrets, the sizes of files, and whether long values are truncated.

    `known` are the texts in the specs: a live text that could be a secret is shown only if it is one of them.
    """

    mask: Mask
    files: Files
    verbose: bool
    known: frozenset[str]

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
        """The rows of one change: several for a map or long list in a new resource."""
        if change.sensitive:
            yield self.row(step, change, change.path, (MASK, MASK))
        elif step.before is None:
            for path, value in opened(change.path, change.after):
                yield self.row(step, change, path, self.both(step, path, MISSING, value))
        else:
            path, old, new, common = narrowed(change.path, change.before, change.after)
            before, after = self.both(step, path, old, new)
            if MASK in after and old not in (None, MISSING):
                before = MASK  # a value that a secret replaces is probably the old secret
            note = f"{common} more unchanged" if common else ""
            yield self.row(step, change, path, (before, after + _default_mark(step, change)), note)

    def row(self, step: Step, change: FieldChange, path: KeyPath, words: tuple[str, str], note: str = "") -> ChangeRow:
        new = step.before is None
        effect = "" if new else effect_words(change.effect)
        return ChangeRow(
            path=self.name(dotted(path)), before="" if new else words[0], after=words[1], effect=effect, note=note
        )

    def both(self, step: Step, path: KeyPath, old: Side, new: Side) -> tuple[str, str]:
        """Both sides as text: traffic shares in percent, content by its folder, everything else as YAML."""
        if step.ref.kind is Kind.TRAFFIC:
            return _share(old), _share(new)
        if path == SIZE:
            old, new = _usual(old), _usual(new)
        source = step.after.sources.get(path, "") if step.after else ""
        known = content(old, "", {}), content(new, source, self.files.get(source, {}))
        masked = pair(self.side(self.live(step, path, old)), self.side(new), full=self.verbose)
        before, after = (self.mask.line(by_hash or text) for by_hash, text in zip(known, masked, strict=True))
        return before, after

    def live(self, step: Step, path: KeyPath, side: Side) -> Side:
        noted = noted_secrets(step.before)
        return side if side is MISSING else without_secrets(path, side, self.known, noted)  # type: ignore[arg-type]

    def side(self, side: Side) -> Side:
        return side if side is MISSING else self.mask.value(side)  # type: ignore[arg-type]

    def listings(self, step: Step) -> Iterator[str]:
        """In verbose mode, the files behind each changed content hash."""
        sources = step.after.sources if self.verbose and step.after else {}
        for source in filter(None, (sources.get(change.path) for change in step.changes)):
            if held := [f"{name} ({size(length)})" for name, length in sorted(self.files.get(source, {}).items())]:
                yield f"{source} holds {', '.join(held)}"


def _usual(side: Side) -> Side:
    """A VM size as Azure spells it."""
    return usual_name(side) if isinstance(side, str) else side


def _share(side: Side) -> str:
    return "0 %" if side is MISSING or side is None else f"{scalar(side)} %"


def _default_mark(step: Step, change: FieldChange) -> str:
    """ " (default)" where a spec says nothing of a field any more, and so means its default."""
    field, compute = field_at(step.ref.kind, change.path), compute_of(step.after.fields if step.after else {})
    implied = not change.written and field.has_default and field.default_on(compute) == change.after
    return " (default)" if implied else ""
