"""Gates on customers' requests: a new deployment is judged by what they get, beside what the earlier one gave. Pure.

A comparison fails a deployment only if the difference is proven at the confidence of the rollout. It is made once in a
stage, on all its requests. Before its window is over, it fails only what must fail in any case: as if all the requests
still to come were answered well. So looking early and often raises no more alarms than looking once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import assert_never

from deployer.core.judgement import Judged, Unit, Verdict
from deployer.core.metrics import PERCENTILES, Grain, Served, Span, is_error
from deployer.core.plan import Watching
from deployer.core.significance import least_chance, longer, rise
from deployer.core.statistics import percentile


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What customers got from one deployment in a span of time."""

    span: Span
    grains: tuple[Grain, ...] = ()

    @property
    def requests(self) -> int:
        return round(sum(sum(grain.statuses.values()) for grain in self.grains))

    @property
    def errors(self) -> int:
        found = ((status, number) for grain in self.grains for status, number in grain.statuses.items())
        return round(sum(number for status, number in found if is_error(status)))

    def latencies(self, rank: int) -> tuple[float, ...]:
        """A percentile in each grain, in milliseconds."""
        return tuple(grain.latencies[rank] for grain in self.grains if rank in grain.latencies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A request of ours: when it was sent, in seconds since 1970, to which deployment, and the answered status."""

    at: float
    deployment: str
    status: int


def window_of(name: str, span: Span, grains: Iterable[Grain], own: Iterable[Own] = ()) -> Window:
    """What customers got from a deployment: grains with all their values, less our own requests."""
    ours = Counter((item.at // span.grain, item.status) for item in own if item.deployment == name)
    complete = (grain for grain in grains if grain.is_complete)
    return Window(span=span, grains=tuple(_without(grain, ours, span.grain) for grain in complete))


def served(name: str, span: Span, grains: Iterable[Grain]) -> Served:
    """What callers got from a deployment, our own requests included."""
    window = window_of(name, span, grains)
    found = {rank: values for rank in PERCENTILES if (values := window.latencies(rank))}
    latencies = {rank: _median(values) for rank, values in found.items()}
    return Served(span=span, requests=window.requests, errors=window.errors, latencies=latencies)


def _without(grain: Grain, ours: Mapping[tuple[float, int], int], length: float) -> Grain:
    place = grain.start // length
    left = {status: max(0.0, number - ours.get((place, status), 0)) for status, number in grain.statuses.items()}
    return replace(grain, statuses=left)


def judged(
    name: str, watching: Watching, new: Window, beside: Window | None, *, of: int | None = None
) -> tuple[Judged, ...]:
    """The verdict of each gate on deployment `name`; `beside` is what the earlier deployment gave, None without one.

    `of` is how many grains a window that is not over will have; until it is, only failures count, and latencies are not
    judged. None means that it is over.
    """
    rows = [*_error_rates(name, watching, new, beside, of)]
    if of is None:
        rows += [*_latencies(name, watching, new, beside)]
    if new.requests < watching.watch.min_requests:
        failed = [row for row in rows if row.verdict is Verdict.FAILED and row.unit is Unit.SHARE]
        return tuple(failed) or (_too_few(name, watching, new),)
    return tuple(rows) or (_enough(name, watching, new),)


def _row(name: str, new: Window) -> partial[Judged]:
    return partial(Judged, deployment=name, requests=new.requests, span=new.span)


def _too_few(name: str, watching: Watching, new: Window) -> Judged:
    return replace(_enough(name, watching, new), verdict=Verdict.INCONCLUSIVE)


def _enough(name: str, watching: Watching, new: Window) -> Judged:
    wanted = watching.watch.min_requests
    return _row(name, new)(
        gate="min_requests", unit=Unit.REQUESTS, verdict=Verdict.PASSED, measured=new.requests, limit=wanted
    )


def _error_rates(name: str, watching: Watching, new: Window, beside: Window | None, of: int | None) -> Iterator[Judged]:
    watch, row = watching.watch, partial(_row(name, new), unit=Unit.SHARE)
    expected = new.requests if of is None else round(new.requests * of / max(1, len(new.grains)))
    padded = max(expected, watch.min_requests, 1)
    share = new.errors / max(1, new.requests)
    if (most := watch.max_error_rate) is not None:
        verdict = Verdict.FAILED if new.errors / padded > most else Verdict.PASSED
        yield row(gate="max_error_rate", verdict=verdict, measured=share, limit=most)
    if (margin := watch.error_rate) is None or beside is None:
        return
    if not _is_enough(beside, watching):
        yield row(gate="error_rate", verdict=Verdict.INCONCLUSIVE, measured=share, limit=margin, beside=watching.beside)
        return
    before = beside.errors / beside.requests
    chance = rise((new.errors, padded), (beside.errors, beside.requests), margin, watching.risk)
    yield row(
        gate="error_rate",
        verdict=Verdict.FAILED if chance <= watching.risk else Verdict.PASSED,
        measured=share,
        limit=min(1.0, before + margin),
        beside=watching.beside,
        against=before,
        against_requests=beside.requests,
        chance=chance,
    )


def _latencies(name: str, watching: Watching, new: Window, beside: Window | None) -> Iterator[Judged]:
    watch, row = watching.watch, partial(_row(name, new), unit=Unit.MILLISECONDS)
    for rank, most in sorted(watch.max_ms.items()):
        typical = _median(new.latencies(rank))
        decided = Verdict.FAILED if typical > most else Verdict.PASSED
        verdict = decided if new.latencies(rank) else Verdict.INCONCLUSIVE
        yield row(gate=f"max_p{rank}_ms", verdict=verdict, measured=typical, limit=most)
    if beside is not None:
        for rank, factor in sorted(watch.slower.items()):
            yield _slower(row, rank, factor, watching, new, beside)


def _slower(row: partial[Judged], rank: int, factor: float, watching: Watching, new: Window, beside: Window) -> Judged:
    """Whether a percentile is longer than that of the earlier deployment times a factor, by the ranks of the grains."""
    mine, bound = new.latencies(rank), [factor * value for value in beside.latencies(rank)]
    chance = longer(mine, bound)
    could = least_chance(len(mine), len(bound)) <= watching.risk and _is_enough(beside, watching)
    return row(
        gate=f"p{rank}",
        verdict=Verdict.INCONCLUSIVE if not could else Verdict.FAILED if chance <= watching.risk else Verdict.PASSED,
        measured=_median(mine),
        limit=_median(bound),
        beside=watching.beside,
        against=_median(bound) / factor,
        against_requests=beside.requests,
        chance=chance,
    )


def _is_enough(beside: Window, watching: Watching) -> bool:
    """Whether the earlier deployment had enough requests to be compared with."""
    return beside.requests >= max(1, watching.watch.min_requests)


def _median(values: Sequence[float]) -> float:
    return percentile(sorted(values), 50) if values else 0.0


def sentence(row: Judged) -> str:
    """ "green: error rate 3.1% of 512 requests, 0.2% of 4,602 to blue; at most 0.7% passes"."""
    match row.unit:
        case Unit.REQUESTS:
            return f"{row.deployment}: {row.requests:,} requests of customers; at least {row.limit:,.0f} are required"
        case Unit.SHARE:
            words = f"error rate {row.measured:.1%} of {row.requests:,} requests"
        case Unit.MILLISECONDS:
            words = f"{row.gate.removeprefix('max_').removesuffix('_ms')} {row.measured:.0f} ms"
        case _:
            assert_never(row.unit)
    if row.beside and row.against is None:
        return f"{row.deployment}: {words}; too few requests to {row.beside} to compare with"
    return f"{row.deployment}: {words}{_compared(row)}; at most {_amount(row.limit, row.unit)} passes"


def _compared(row: Judged) -> str:
    if row.against is None:
        return ""
    of = f" of {row.against_requests:,}" if row.unit is Unit.SHARE else ""
    return f", {_amount(row.against, row.unit)}{of} to {row.beside}"


def _amount(value: float, unit: Unit) -> str:
    return f"{value:.1%}" if unit is Unit.SHARE else f"{value:.0f} ms"
