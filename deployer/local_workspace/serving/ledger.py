"""What the front door counted, second by second for a while and minute by minute for hours, in memory."""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from deployer.local_workspace.ports import Counted

SECONDS_KEPT = 900
MINUTES_KEPT = 6 * 60
_RATIO = math.log(1.02)
"""Latencies are counted in classes that are 2 % wide, so that a percentile is wrong by 1 % at most."""


@dataclass(slots=True)
class Bucket:
    """The requests of one second or minute."""

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: Counter[int] = field(default_factory=Counter)

    def add(self, other: Bucket) -> None:
        """Add what another bucket counted."""
        self.statuses += other.statuses
        self.latencies += other.latencies


class Ledger:
    """Counts by endpoint, deployment and time. Implements ports.Meters."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """`clock` tells the seconds since 1970."""
        self._clock = clock
        self._seconds: defaultdict[tuple[str, str], dict[int, Bucket]] = defaultdict(dict)
        self._minutes: defaultdict[tuple[str, str], dict[int, Bucket]] = defaultdict(dict)

    def count(self, endpoint: str, deployment: str, status: int, ms: float) -> None:
        """Count a request that ends now and took so many milliseconds."""
        now = int(self._clock())
        seconds = self._seconds[endpoint, deployment]
        bucket = seconds.get(now)
        if bucket is None:
            bucket = seconds[now] = Bucket()
            self._roll_up((endpoint, deployment), now)
        bucket.statuses[status] += 1
        bucket.latencies[math.ceil(math.log(max(ms, 0.01)) / _RATIO)] += 1

    def counted(self, endpoint: str, start: int, end: int, grain: int) -> Mapping[str, tuple[Counted, ...]]:
        """See ports.Meters."""
        return {
            deployment: tuple(self._in((name, deployment), at, at + grain) for at in range(start, end, grain))
            for name, deployment in sorted(self._seconds)
            if name == endpoint
        }

    def _in(self, key: tuple[str, str], start: int, end: int) -> Counted:
        whole = Bucket()
        for bucket in self._buckets(key, start, end):
            whole.add(bucket)
        latencies = sorted(whole.latencies.items())
        return Counted(
            statuses=dict(whole.statuses),
            latencies=tuple((math.exp((place - 0.5) * _RATIO), count) for place, count in latencies),
        )

    def _buckets(self, key: tuple[str, str], start: int, end: int) -> Iterator[Bucket]:
        seconds, minutes = self._seconds[key], self._minutes[key]
        yield from (seconds[at] for at in range(start, end) if at in seconds)
        yield from (minutes[at] for at in range(-(-start // 60) * 60, end - 59, 60) if at in minutes)

    def _roll_up(self, key: tuple[str, str], now: int) -> None:
        """Merge old seconds into their minutes, whole minutes at a time, and forget very old minutes."""
        seconds, minutes = self._seconds[key], self._minutes[key]
        edge = (now - SECONDS_KEPT) // 60 * 60
        while seconds and (first := next(iter(seconds))) < edge:
            minutes.setdefault(first // 60 * 60, Bucket()).add(seconds.pop(first))
        while minutes and next(iter(minutes)) < now - MINUTES_KEPT * 60:
            del minutes[next(iter(minutes))]
