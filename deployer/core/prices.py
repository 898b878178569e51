"""What machines cost: the project says so, not we."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What an hour of one instance costs, by VM size in lower case, in a currency."""

    currency: str
    per_hour: Mapping[str, float]
