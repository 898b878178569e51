"""Statistics over many scoring requests: percentiles, throughput, errors by kind, a histogram. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One request: milliseconds to the last byte, the answering deployment, and its kind of error ("" if none)."""

    milliseconds: float
    deployment: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The number of latencies from `low` to below `high` milliseconds (the last bin includes `high`)."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Statistics of many requests. Latencies cover successful requests, in milliseconds; None if there are none."""

    requests: int
    seconds: float
    per_second: float
    mean_ms: float | None
    percentiles: Mapping[int, float]
    max_ms: float | None
    errors: Mapping[str, int]
    deployments: Mapping[str, int]
    histogram: tuple[Bin, ...]


def summary(samples: Sequence[Sample], seconds: float, *, bins: int = 10) -> Summary:
    """The statistics of `samples` that took `seconds` of wall time in total."""
    latencies = sorted(sample.milliseconds for sample in samples if not sample.error)
    return Summary(
        requests=len(samples),
        seconds=seconds,
        per_second=len(latencies) / seconds if seconds > 0 else 0.0,
        mean_ms=math.fsum(latencies) / len(latencies) if latencies else None,
        percentiles={rank: percentile(latencies, rank) for rank in PERCENTILES} if latencies else {},
        max_ms=latencies[-1] if latencies else None,
        errors=_counted([sample.error for sample in samples]),
        deployments=_counted([sample.deployment for sample in samples if not sample.error]),
        histogram=histogram(latencies, bins),
    )


def _counted(names: Sequence[str]) -> Mapping[str, int]:
    """How often each name occurs, the most frequent first."""
    return dict(sorted(Counter(name for name in names if name).items(), key=lambda item: (-item[1], item[0])))


def percentile(ordered: Sequence[float], rank: float) -> float:
    """The smallest of the ascending values that at least `rank` percent do not exceed (nearest rank).

    Every result is one of the values. Raises ValueError when there are no values or `rank` is not in 0..100.
    """
    if not ordered or not 0 <= rank <= 100:
        raise ValueError("a percentile needs at least one value and a rank from 0 to 100")
    return ordered[max(0, math.ceil(len(ordered) * rank / 100) - 1)]


def histogram(ordered: Sequence[float], bins: int) -> tuple[Bin, ...]:
    """The ascending values in at most `bins` ranges of equal width; one range when they are all the same."""
    if not ordered:
        return ()
    low, high = ordered[0], ordered[-1]
    width = (high - low) / bins
    if not width:
        return (Bin(low=low, high=high, count=len(ordered)),)
    counts = Counter(min(bins - 1, int((value - low) / width)) for value in ordered)
    edges = [*(low + width * number for number in range(bins)), high]
    return tuple(Bin(low=edges[number], high=edges[number + 1], count=counts[number]) for number in range(bins))
