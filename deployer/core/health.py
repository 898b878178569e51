"""What was found of the conditions that work on a workspace needs, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How a condition stands. What could not be looked at is never called well."""

    WELL = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "not looked at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition: what it is about, how it stands, what was found, and what to do where it is not well."""

    about: str
    health: Health
    found: str
    cure: str = ""
