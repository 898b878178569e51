"""The judge over many rollouts with seeded counters: how often it errs, all looks of a rollout counted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from deployer.core.intent import Rollout, Watch
from deployer.core.judgement import Verdict, together
from deployer.core.metrics import Grain, Span
from deployer.core.plan import Watching
from deployer.planning.gates import Window, judged

pytestmark = pytest.mark.slow
RUNS = 2000
SPAN = Span(start=0.0, end=360.0, grain=60.0)
WATCH = Watch(window=360.0, min_requests=500, error_rate=0.005, slower={95: 1.2})
ROLLOUT = Rollout(steps=(10, 50, 100), watch=WATCH)
RISK = (1 - WATCH.confidence) / (WATCH.comparisons * ROLLOUT.looks)
TOTAL = 5100
"""Customers' requests in a window."""


def seen(draw: np.random.Generator, share: float, errors: float, p95: float) -> Window:
    """What customers got from a deployment with this share of the traffic, in six minutes that differ as minutes do."""
    requests = int(TOTAL * share / 6)
    failed = draw.binomial(requests, errors, 6)
    times = p95 * np.exp(draw.normal(0.0, 0.05, 6))
    grains = [
        Grain(
            start=60.0 * minute,
            statuses={200: float(requests - failed[minute]), 500: float(failed[minute])},
            total=float(requests),
            latencies={95: float(times[minute])},
        )
        for minute in range(6)
    ]
    return Window(span=SPAN, grains=tuple(grains))


def rolled_out(draw: np.random.Generator, old: tuple[float, float], new: tuple[float, float]) -> Verdict:
    """The verdict of a whole rollout; at its last stage the earlier one is remembered from the stage before."""
    beside = Window(span=SPAN)
    for share in (0.1, 0.5, 1.0):
        beside = seen(draw, 1 - share, *old) if share < 1 else beside
        watching = Watching(watch=WATCH, rising={"green": ""}, beside="blue", beside_serves=share < 1, risk=RISK)
        verdict = together(judged("green", watching, seen(draw, share, *new), beside))
        if verdict is not Verdict.PASSED:
            return verdict
    return Verdict.PASSED


def rates(old: tuple[float, float], new: tuple[float, float]) -> Mapping[Verdict, float]:
    draw = np.random.default_rng(20)
    verdicts = [rolled_out(draw, old, new) for _ in range(RUNS)]
    return {verdict: verdicts.count(verdict) / RUNS for verdict in Verdict}


@pytest.mark.parametrize("errors", [0.0, 0.001, 0.01])
def test_an_equal_one_passes(errors: float) -> None:
    assert rates((errors, 100.0), (errors, 100.0))[Verdict.PASSED] >= 0.95


def test_one_at_the_very_margins_passes() -> None:
    assert rates((0.01, 100.0), (0.015, 120.0))[Verdict.PASSED] >= 0.95


def test_one_that_fails_three_percent_is_stopped() -> None:
    assert rates((0.001, 100.0), (0.03, 100.0))[Verdict.FAILED] >= 0.95


def test_one_that_is_half_as_slow_again_is_stopped() -> None:
    assert rates((0.001, 100.0), (0.001, 150.0))[Verdict.FAILED] >= 0.95
