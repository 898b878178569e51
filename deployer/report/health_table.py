"""Conditions as a table with the cure of each, or as JSON. Secrets are masked here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import assert_never

from deployer.core.health import Condition, Health
from deployer.core.redaction import Mask, mask_of
from deployer.report.format import count, styled

VERSION = "1.0"
WIDEST = max(map(len, Health))


def health_text(conditions: Sequence[Condition], *, secrets: frozenset[str] = frozenset(), color: bool = False) -> str:
    """One line for each condition, with its cure below where it is not well, and a summary."""
    mask = mask_of(secrets)
    width = max((len(condition.about) for condition in conditions), default=0)
    lines = [line for condition in conditions for line in _lines(condition, width, mask, color)]
    return "\n".join([*lines, "", styled(_summary(conditions), "bold", color=color)]) + "\n"


def _lines(condition: Condition, width: int, mask: Mask, color: bool) -> Iterator[str]:
    word = f"{condition.health.value:<{WIDEST}}"
    shown = styled(word, _colour(condition.health), color=color)
    yield f"{shown}  {condition.about:<{width}}  {mask.line(condition.found)}"
    if condition.cure and condition.health is not Health.WELL:
        yield f"{'':<{WIDEST + 2 + width}}  {mask.line(condition.cure)}"


def _summary(conditions: Sequence[Condition]) -> str:
    failed, warned, unknown = (
        sum(condition.health is health for condition in conditions)
        for health in (Health.FAILED, Health.WARNING, Health.UNKNOWN)
    )
    parts = [f"{failed} failed"] * bool(failed) + [count(warned, "warning")] * bool(warned)
    parts += [f"{unknown} not looked at"] * bool(unknown)
    return f"{count(len(conditions), 'condition')}: {', '.join(parts) or 'all well'}."


def _colour(health: Health) -> str:
    match health:
        case Health.WELL:
            return "green"
        case Health.WARNING:
            return "yellow"
        case Health.FAILED:
            return "red"
        case Health.UNKNOWN:
            return "dim"
    assert_never(health)


def health_json(conditions: Sequence[Condition], *, secrets: frozenset[str] = frozenset()) -> str:
    """The conditions as JSON (schemas/output/doctor.schema.json)."""
    mask = mask_of(secrets)
    rows = [
        {
            "about": condition.about,
            "health": condition.health.value,
            "found": mask.line(condition.found),
            "cure": mask.line(condition.cure),
        }
        for condition in conditions
    ]
    document = {"format_version": VERSION, "kind": "doctor", "conditions": rows}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
