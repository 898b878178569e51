"""Drift as a report: what the specs say and what is live, field by field. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import assert_never

from deployer.core.action import Action
from deployer.core.resources import Ref
from deployer.planning.verdicts import Standing
from deployer.report.format import WIDTH, count, styled, wrapped
from deployer.report.markdown_text import cell, code, prose
from deployer.report.plan_view import ChangeRow, FindingRow, PlanView, StepRow

VERSION = "1.0"
ABSENT = "(absent)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field of a resource that is not as the specs say; `field` is "" for the resource as a whole."""

    resource: str
    field: str
    specs: str
    live: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftView:
    """The drift of one env. `looked_at` names what was compared, `findings` what would refuse an apply."""

    env: str
    project: str
    looked_at: str
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    findings: tuple[FindingRow, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether everything is as the specs say, and an apply would not be refused."""
        return not self.differences and not any(finding.blocking for finding in self.findings)

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.is_clean and self.orphans:
            more = f"{count(len(self.orphans), 'resource')} of this project {_are(len(self.orphans))} in no spec"
            return f"No drift in what the specs declare; {more}."
        if self.is_clean:
            return "No drift: the workspace matches the specs."
        blocked = any(finding.blocking for finding in self.findings)
        refused = "; an apply would be refused" if blocked else ""
        return f"Drift: {count(len(self.differences), 'difference')}{refused}."


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def drift_view(
    view: PlanView,
    unproven: Mapping[Ref, Standing],
    *,
    workspace: str,
    notes: tuple[str, ...],
    held: tuple[Ref, ...] = (),
) -> DriftView:
    """The drift in a plan without tests and stages, and the deployments that have not passed their smoke test.

    `held` are those whose content was rolled back.
    """
    rows = [row for step in view.steps for row in _rows(step)]
    rows += [Difference(resource=str(ref), field="content", specs="declared", live="rolled back") for ref in held]
    rows += [_unproven_row(ref, how) for ref, how in sorted(unproven.items())]
    return DriftView(
        env=view.env,
        project=view.project,
        looked_at=f"env {view.env}, {workspace}: {', '.join(_looked_at(view)) or 'nothing'}",
        differences=tuple(rows),
        notes=notes,
        orphans=view.orphans,
        findings=tuple(finding for finding in view.findings if finding.blocking),
    )


def _looked_at(view: PlanView) -> Iterator[str]:
    """What was compared, in numbers by kind."""
    names = [*view.unchanged, *(step.resource for step in view.steps)]
    for kind in ("endpoint", "deployment", "autoscale setting", "model", "environment"):
        if number := len({name for name in names if name.startswith(f"{kind} ")}):
            yield count(number, kind)


def _rows(step: StepRow) -> Iterator[Difference]:
    """The fields of one resource that differ, or the resource where it is missing or has failed."""
    match Action(step.symbol):
        case Action.CREATE:
            yield Difference(resource=step.resource, field="", specs="declared", live=ABSENT)
        case Action.DELETE:
            yield Difference(resource=step.resource, field="", specs=ABSENT, live="exists")
        case Action.UPDATE | Action.REPLACE:
            if step.reason and not (step.changes and step.verb == "update"):
                yield Difference(resource=step.resource, field="state", specs="succeeded", live=step.reason)
            yield from (_field(step, change) for change in step.changes)
        case Action.TEST:
            return
        case _:
            assert_never(Action(step.symbol))


def _field(step: StepRow, change: ChangeRow) -> Difference:
    return Difference(resource=step.resource, field=change.path, specs=change.after, live=change.before or "(not set)")


def _unproven_row(ref: Ref, how: Standing) -> Difference:
    return Difference(resource=str(ref), field="smoke test", specs=Standing.PASSED.value, live=how.value)


def drift_text(view: DriftView, *, color: bool = False, width: int = WIDTH) -> str:
    """What was looked at, the differences by resource, notes, findings, orphans and the summary."""
    blocks = [f"Compared {view.looked_at}."]
    resources = dict.fromkeys(row.resource for row in view.differences)
    blocks += ["\n".join(_resource(name, view, color)) for name in resources]
    blocks += [*view.notes]
    blocks += ["\n".join(_finding(finding, color, width)) for finding in view.findings]
    if view.orphans:
        blocks.append("\n".join(["In no spec, but tagged with this project:", *(f"  {name}" for name in view.orphans)]))
    return "\n\n".join([*blocks, styled(view.summary, "bold", color=color)]) + "\n"


def _resource(name: str, view: DriftView, color: bool) -> Iterator[str]:
    yield styled(name, "bold", color=color)
    for row in view.differences:
        if row.resource == name:
            yield f"  {row.field}{': ' if row.field else ''}specs {row.specs}, live {row.live}"


def _finding(row: FindingRow, color: bool, width: int) -> Iterator[str]:
    place = f"{row.origin}: " if row.origin else ""
    yield f"{place}{styled('refused', 'red', color=color)}: {row.summary} [{row.code}]"
    for paragraph in row.detail.splitlines():
        yield from wrapped(paragraph, width, "    ")


def drift_json(view: DriftView) -> str:
    """The drift as JSON (schemas/output/drift.schema.json)."""
    head = {"format_version": VERSION, "kind": "drift", "is_clean": view.is_clean, "summary": view.summary}
    return json.dumps({**head, **asdict(view)}, indent=2, ensure_ascii=False) + "\n"


def drift_markdown(view: DriftView) -> str:
    """The drift as a Markdown report, for an issue or a comment."""
    lines = [f"### Drift in {code(view.env)}", "", f"**{prose(view.summary)}** Compared {prose(view.looked_at)}.", ""]
    if view.differences:
        lines += ["| resource | field | specs | live |", "|---|---|---|---|"]
        lines += [
            f"| {' | '.join(map(cell, (row.resource, row.field, row.specs, row.live)))} |" for row in view.differences
        ]
    lines += [f"- {prose(note)}" for note in view.notes]
    lines += [f"- {prose(row.summary)} {code(row.code)}. {prose(row.detail)}" for row in view.findings]
    lines += [f"- {code(name)} is in no spec" for name in view.orphans]
    return "\n".join(lines).rstrip("\n") + "\n"
