"""Counters of the front door for each deployment, in memory, since the server started."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

BOUNDS_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10000.0)
"""Upper bounds of the latency classes; the last class has none."""


@dataclass(slots=True)
class Traffic:
    """The requests of one deployment: how many by status, how many mirrored to it, how long they took."""

    statuses: Counter[int] = field(default_factory=Counter)
    mirrored: int = 0
    latencies: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_MS) + 1))
    """How many requests fell into each class of BOUNDS_MS."""

    @property
    def requests(self) -> int:
        return self.statuses.total()

    @property
    def errors(self) -> int:
        return self.requests - self.statuses[200]

    def count(self, status: int, ms: float) -> None:
        self.statuses[status] += 1
        self.latencies[bisect_left(BOUNDS_MS, ms)] += 1
