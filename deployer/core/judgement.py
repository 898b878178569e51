"""Verdicts of gates, and what each of them was found on. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from deployer.core.metrics import Span


class Verdict(StrEnum):
    """The verdict on a stage; too few observations are inconclusive, never a success."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


class Unit(StrEnum):
    """What a gate measures."""

    SHARE = "share"
    MILLISECONDS = "ms"
    REQUESTS = "requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One gate on one deployment: what was measured, on how many requests, against what, from which minutes.

    `gate` is its name in the spec. `measured`, `against` and `limit` are in `unit`, shares from 0 to 1; `limit` is the
    highest value that passes, or the lowest for `requests`. `against` is that of `beside` on `against_requests`, None
    without a comparison. `chance` is how likely such data are if the gate is met; None if nothing was tested.
    """

    deployment: str
    gate: str
    unit: Unit
    verdict: Verdict
    measured: float
    limit: float
    requests: int
    span: Span
    beside: str = ""
    against: float | None = None
    against_requests: int = 0
    chance: float | None = None


def together(rows: Iterable[Judged]) -> Verdict:
    """The verdict of several gates: failed if one failed, else inconclusive if one is."""
    verdicts = {row.verdict for row in rows}
    return next((one for one in (Verdict.FAILED, Verdict.INCONCLUSIVE) if one in verdicts), Verdict.PASSED)
