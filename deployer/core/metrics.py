"""What a workspace measured of customers' requests: one deployment, minute by minute. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PERCENTILES = (50, 90, 95, 99)
"""The percentiles of latencies that Azure Monitor has for online endpoints."""

OF_THE_DEPLOYMENT = frozenset({408, 424, 429})
"""Statuses below 500 that are the deployment's failure: its time-out, its model's error, its full queue.

The others are mistakes of clients: a new deployment cannot help them.
https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints#http-status-codes
"""


def is_error(status: int) -> bool:
    """Whether a status counts as an error of the deployment."""
    return status >= 500 or status in OF_THE_DEPLOYMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Grain:
    """One deployment in one grain of time that begins at `start`, in seconds since 1970.

    `statuses` are requests by HTTP status, `total` the requests in the same grain as another series tells them, None
    where it has no value; `latencies` are milliseconds by percentile.
    """

    start: float
    statuses: Mapping[int, float] = field(default_factory=dict)
    total: float | None = None
    latencies: Mapping[int, float] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether all requests are known by status: late values, and values that are missing, count as nothing."""
        return self.total is not None and sum(self.statuses.values()) >= 0.99 * self.total - 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of time in grains, all in seconds; `start` and `end` since 1970, at the edges of grains."""

    start: float
    end: float
    grain: float

    @property
    def grains(self) -> int:
        return round((self.end - self.start) / self.grain)

    @property
    def minutes(self) -> int:
        return round((self.end - self.start) / 60)


Measured = Mapping[str, tuple[Grain, ...]]
"""The grains of a span by deployment, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What callers got from one deployment in a span: numbers of requests and errors, and milliseconds by percentile.

    A percentile is the median of those of all grains: of percentiles, no better one of the whole can be made.
    """

    span: Span
    requests: int
    errors: int
    latencies: Mapping[int, float] = field(default_factory=dict)
