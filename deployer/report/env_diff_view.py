"""The differences between two envs, by resource and field. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import assert_never

from deployer.core.action import Action
from deployer.report.format import count, styled
from deployer.report.plan_view import PlanView, StepRow

VERSION = "1.0"
ABSENT = "(absent)"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvDifference:
    """One field that differs, or a whole resource with `field` "". `resource` is its name in the env, or the other."""

    resource: str
    field: str
    value: str
    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvDiffView:
    """What differs between `env` and the env `against`."""

    env: str
    against: str
    differences: tuple[EnvDifference, ...]

    @property
    def summary(self) -> str:
        """One sentence."""
        if not self.differences:
            return f"No differences: the specs say the same for {self.env} and {self.against}."
        return f"{count(len(self.differences), 'difference')} between {self.env} and {self.against}."


def env_diff_view(view: PlanView, *, against: str) -> EnvDiffView:
    """The rows of a plan that would turn `against` into the env of the plan."""
    return EnvDiffView(
        env=view.env, against=against, differences=tuple(row for step in view.steps for row in _rows(step))
    )


def _rows(step: StepRow) -> Iterator[EnvDifference]:
    match Action(step.symbol):
        case Action.CREATE:
            yield EnvDifference(resource=step.resource, field="", value="declared", other=ABSENT)
        case Action.DELETE:
            yield EnvDifference(resource=step.resource, field="", value=ABSENT, other="declared")
        case Action.UPDATE | Action.REPLACE:
            for change in step.changes:
                yield EnvDifference(
                    resource=step.resource, field=change.path, value=change.after, other=change.before or "(not set)"
                )
        case Action.TEST:
            return
        case _:
            assert_never(Action(step.symbol))


def env_diff_text(view: EnvDiffView, *, color: bool = False) -> str:
    """The differences by resource, and the summary."""
    blocks = []
    for name in dict.fromkeys(row.resource for row in view.differences):
        lines = [styled(name, "bold", color=color)]
        for row in view.differences:
            if row.resource == name:
                field = f"{row.field}: " if row.field else ""
                lines.append(f"  {field}{view.env} {row.value}, {view.against} {row.other}")
        blocks.append("\n".join(lines))
    return "\n\n".join([*blocks, styled(view.summary, "bold", color=color)]) + "\n"


def env_diff_json(view: EnvDiffView) -> str:
    """The differences as JSON (schemas/output/diff.schema.json)."""
    head = {"format_version": VERSION, "kind": "diff", "summary": view.summary}
    return json.dumps({**head, **asdict(view)}, indent=2, ensure_ascii=False) + "\n"
