"""The events of an apply as JSON, one line each, for pipelines."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum

from deployer.core.outcome import StepResult
from deployer.core.plan import Step
from deployer.core.redaction import Mask
from deployer.report.describe import moving, verb

VERSION = "1.0"


class Event(StrEnum):
    """What happened to a step: it started, waits, bakes, its customers are watched, or it ended."""

    STARTED = "started"
    WAITING = "waiting"
    PROBING = "probing"
    WATCHING = "watching"
    ENDED = "ended"


def ended_line(result: StepResult, at: datetime, mask: Mask) -> str:
    """The end of a step as JSON, with its result and what gates judged."""
    why = result.note or (result.error.message if result.error else "")
    return event_line(Event.ENDED, result.step, at, mask, detail=why, result=result)


def event_line(
    event: Event,
    step: Step,
    at: datetime,
    mask: Mask,
    *,
    detail: str = "",
    left: float | None = None,
    result: StepResult | None = None,
) -> str:
    """One event as JSON (schemas/output/event.schema.json): `detail` says more, `left` how many seconds remain."""
    number, of = step.stage
    document = {
        "format_version": VERSION,
        "kind": "event",
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "event": event.value,
        "action": verb(step.action),
        "resource": {
            "kind": step.ref.kind.value,
            "endpoint": mask.line(step.ref.endpoint),
            "name": mask.line(step.ref.name),
        },
        "words": mask.line(moving(step)),
        "stage": {"number": number, "of": of},
        "detail": mask.line(detail),
        "seconds_left": None if left is None else round(left, 1),
        "result": result.result.value if result else None,
        "seconds": round(result.seconds, 3) if result else None,
        "judged": [
            {"gate": row.gate, "deployment": mask.line(row.deployment), "verdict": row.verdict.value}
            for row in (result.judged if result else ())
        ],
    }
    return json.dumps(document, ensure_ascii=False)
