"""Durations as specs write them: a number of seconds, or a number with the unit ms, s, m or h."""

from __future__ import annotations

import re
from collections.abc import Mapping

SECONDS: Mapping[str, float] = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}


def seconds(value: str | float) -> float:
    """A duration in seconds; 0 for what is none, which the schemas refuse."""
    match = re.fullmatch(r"([0-9.]+)(ms|s|m|h)?", str(value))
    return float(match[1]) * SECONDS[match[2] or ""] if match else 0.0


def short_duration(duration: float) -> str:
    """A duration in the largest unit that gives a whole number: 300 seconds are "5m"."""
    unit = next((unit for unit in ("h", "m") if duration and duration % SECONDS[unit] == 0), "s")
    return f"{plain_number(duration / SECONDS[unit])}{unit}"


def plain_number(value: float) -> str:
    """A number without a fraction that is zero."""
    return str(int(value)) if value == int(value) else repr(value)
