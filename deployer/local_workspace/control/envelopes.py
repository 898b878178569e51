"""What a refusal is, and its envelope on the wire."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Form = Literal["validation", "quota", "not-found", "service", "arm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRule:
    """One row: `text` is a template over the values of an `ArmRefused`; `member` is the key under `errors`."""

    when: str
    text: str
    status: int = 400
    form: Form = "validation"
    code: str = "BadRequest"
    member: str = ""
    source: str | None
    wording: Literal["quoted", "ours"] = "ours"


@dataclass(slots=True)
class ArmRefused(Exception):
    """The request is answered with this refusal; `values` fill its text."""

    refusal: RefusalRule
    values: Mapping[str, str] = field(default_factory=dict)


def envelope(refused: ArmRefused, location: str) -> dict[str, Any]:
    """The JSON body of a refusal, as Azure Resource Manager returns it."""
    row, values = refused.refusal, refused.values
    text = row.text.format_map(values)
    if row.form == "arm":
        return {"error": {"code": row.code, "message": text}}
    if row.form == "service":
        return {"error": {"code": row.code, "message": text, "details": [], "additionalInfo": _context(location)}}
    detail_code, detail = _detail(row, text, row.member.format_map(values))
    message = text if row.form == "not-found" else "The request is invalid."
    details = [{"code": detail_code, "message": detail}]
    return {"error": {"code": row.code, "message": message, "details": details, "additionalInfo": _context(location)}}


def _detail(row: RefusalRule, text: str, member: str) -> tuple[str, str]:
    """The code and the message of the one entry under `details`; the message is JSON in itself."""
    if row.form == "not-found":
        return "InferencingClientCallFailed", '{"title":"Not Found"}'
    title = "One or more validation errors occurred."
    errors: dict[str, Any] = {"errors": {member: [text]}}
    if row.form == "validation":
        return "InferencingClientCallFailed", _compact(errors | {"title": title})
    trace = f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01"
    kind = "https://tools.ietf.org/html/rfc7231#section-6.5.1"
    problem = errors | {"type": kind, "title": title, "status": row.status, "traceId": trace}
    said = f"InferencingClient HttpRequest error, error detail: {_compact(problem)}"
    return "InferencingClientCreateDeploymentFailed", said


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _context(location: str) -> list[dict[str, Any]]:
    """Which component said so, and when."""
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    correlation = {"operation": uuid.uuid4().hex, "request": uuid.uuid4().hex[:16]}
    said: dict[str, Any] = {
        "ComponentName": {"value": "managementfrontend"},
        "Correlation": {"value": correlation},
        "Environment": {"value": location},
        "Location": {"value": location},
        "Time": {"value": now},
    }
    return [{"type": kind, "info": info} for kind, info in said.items()]
