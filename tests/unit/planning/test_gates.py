"""Verdicts on customers' requests: what fails, what passes, and what decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from deployer.core.intent import Watch
from deployer.core.judgement import Judged, Unit, Verdict, together
from deployer.core.metrics import Grain, Span, is_error
from deployer.core.plan import Watching
from deployer.planning.gates import Own, Window, judged, sentence, window_of

SPAN = Span(start=600.0, end=900.0, grain=60.0)


def window(
    statuses: Mapping[int, float] | None = None, latencies: Mapping[int, float] | None = None, grains: int = 5
) -> Window:
    """So many grains that are all alike; `statuses` are the requests of all of them together."""
    each = {status: number / grains for status, number in (statuses or {}).items()}
    found = [
        Grain(start=600.0 + 60 * number, statuses=each, total=sum(each.values()), latencies=latencies or {})
        for number in range(grains)
    ]
    return window_of("green", SPAN, found)


def watching(watch: Watch, risk: float = 0.0167) -> Watching:
    return Watching(watch=watch, rising={"green": "1.a.b"}, beside="blue", beside_serves=True, risk=risk)


def verdict(watch: Watch, new: Window, beside: Window | None = None, *, of: int | None = None) -> Verdict:
    return together(judged("green", watching(watch), new, beside, of=of))


@pytest.mark.parametrize("status", [408, 424, 429, 500, 502, 503, 504])
def test_these_are_errors_of_the_deployment(status: int) -> None:
    assert is_error(status)


@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 403, 404, 413, 422, 499])
def test_these_are_not(status: int) -> None:
    assert not is_error(status)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ({200: 995, 500: 5}, Verdict.PASSED),
        ({200: 990, 500: 10}, Verdict.PASSED),
        ({200: 989, 424: 11}, Verdict.FAILED),
        ({200: 500, 400: 500}, Verdict.PASSED),
        ({200: 99}, Verdict.INCONCLUSIVE),
        ({}, Verdict.INCONCLUSIVE),
        ({200: 48, 500: 2}, Verdict.FAILED),  # the rest of 100 cannot make it better than 2 %
        ({200: 49, 500: 1}, Verdict.INCONCLUSIVE),
    ],
)
def test_an_absolute_share_of_errors(new: Mapping[int, float], expected: Verdict) -> None:
    assert verdict(Watch(max_error_rate=0.01), window(new)) is expected


@pytest.mark.parametrize(
    ("new", "beside", "expected"),
    [
        ({200: 485, 500: 15}, {200: 4500}, Verdict.FAILED),
        ({200: 498, 500: 2}, {200: 4500}, Verdict.PASSED),
        ({200: 485, 500: 15}, {200: 4365, 500: 135}, Verdict.PASSED),  # the earlier one fails as often
        ({200: 485, 500: 15}, {200: 90}, Verdict.INCONCLUSIVE),  # too few to compare with
        ({200: 285, 500: 15}, {200: 4500}, Verdict.FAILED),  # too few, and it must fail in any case
        ({200: 300}, {200: 4500}, Verdict.INCONCLUSIVE),
    ],
)
def test_a_share_of_errors_beside_the_earlier_one(
    new: Mapping[int, float], beside: Mapping[int, float], expected: Verdict
) -> None:
    terms = Watch(error_rate=0.005, min_requests=500 if beside[200] > 100 else 100)
    assert verdict(terms, window(new), window(beside)) is expected


def test_without_an_earlier_one_nothing_is_compared() -> None:
    assert verdict(Watch(error_rate=0.005), window({200: 50, 500: 50})) is Verdict.PASSED
    assert verdict(Watch(error_rate=0.005, max_error_rate=0.1), window({200: 50, 500: 50})) is Verdict.FAILED


@pytest.mark.parametrize(("p95", "expected"), [(240.0, Verdict.FAILED), (239.0, Verdict.PASSED)])
def test_a_latency_beside_the_earlier_one(p95: float, expected: Verdict) -> None:
    terms, beside = Watch(slower={95: 1.2}), window({200: 500}, {95: 199.5})
    assert verdict(terms, window({200: 500}, {95: p95}), beside) is expected


def test_a_latency_over_too_few_minutes_decides_nothing() -> None:
    terms, beside = Watch(slower={95: 1.2}), window({200: 500}, {95: 100.0}, grains=3)
    assert verdict(terms, window({200: 500}, {95: 900.0}, grains=3), beside) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("latencies", "expected"),
    [({95: 500.0}, Verdict.PASSED), ({95: 501.0}, Verdict.FAILED), ({50: 10.0}, Verdict.INCONCLUSIVE)],
)
def test_an_absolute_latency(latencies: Mapping[int, float], expected: Verdict) -> None:
    assert verdict(Watch(max_ms={95: 500.0}), window({200: 500}, latencies)) is expected


def test_latencies_wait_for_the_end() -> None:
    terms = Watch(max_ms={95: 500.0}, max_error_rate=0.5)
    assert verdict(terms, window({200: 500}, {95: 900.0}), of=10) is Verdict.PASSED


def test_without_a_bound_enough_requests_suffice() -> None:
    assert verdict(Watch(), window({200: 100})) is Verdict.PASSED
    assert verdict(Watch(), window({200: 99})) is Verdict.INCONCLUSIVE


def test_a_grain_without_all_its_values_counts_for_nothing() -> None:
    """What is missing is never taken for requests without errors."""
    whole = Grain(start=600.0, statuses={200: 100.0}, total=100.0)
    grains = [whole, replace(whole, total=None), replace(whole, total=104.0), replace(whole, statuses={}), whole]
    assert window_of("green", SPAN, grains).requests == 200
    assert window_of("green", SPAN, [replace(whole, statuses={}, total=0.0)]).requests == 0


def test_our_own_requests_are_taken_off() -> None:
    grains = [Grain(start=600.0, statuses={200: 10.0, 500: 1.0}, total=11.0)]
    own = [
        Own(at=601.0, deployment="green", status=200),
        Own(at=659.0, deployment="green", status=500),
        Own(at=660.0, deployment="green", status=200),
        Own(at=605.0, deployment="blue", status=200),
    ]
    found = window_of("green", SPAN, grains, own)
    assert (found.requests, found.errors) == (9, 0)
    assert window_of("green", SPAN, grains, own * 20).requests == 0


def test_the_row_says_what_was_measured_on_what_and_against_what() -> None:
    (row,) = judged("green", watching(Watch(error_rate=0.005)), window({200: 485, 500: 15}), window({200: 4500}))
    assert (row.gate, row.unit, row.measured, row.requests) == ("error_rate", Unit.SHARE, 0.03, 500)
    assert (row.beside, row.against, row.against_requests, row.limit) == ("blue", 0.0, 4500, 0.005)
    assert row.chance is not None
    assert row.chance < 0.0167
    assert sentence(row) == "green: error rate 3.0% of 500 requests, 0.0% of 4,500 to blue; at most 0.5% passes"


ROW = Judged(
    deployment="green",
    gate="p95",
    unit=Unit.MILLISECONDS,
    verdict=Verdict.FAILED,
    measured=300.0,
    limit=240.0,
    requests=500,
    span=SPAN,
)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (ROW, "green: p95 300 ms; at most 240 ms passes"),
        (replace(ROW, gate="max_p95_ms"), "green: p95 300 ms; at most 240 ms passes"),
        (replace(ROW, beside="blue", against=200.0), "green: p95 300 ms, 200 ms to blue; at most 240 ms passes"),
        (replace(ROW, beside="blue"), "green: p95 300 ms; too few requests to blue to compare with"),
        (
            replace(ROW, unit=Unit.REQUESTS, gate="min_requests", limit=1000),
            "green: 500 requests of customers; at least 1,000 are required",
        ),
    ],
)
def test_a_row_in_words(row: Judged, words: str) -> None:
    assert sentence(row) == words


@pytest.mark.parametrize(("of", "expected"), [(None, Verdict.FAILED), (5, Verdict.FAILED), (50, Verdict.PASSED)])
def test_an_early_look_fails_only_what_must_fail_in_any_case(of: int | None, expected: Verdict) -> None:
    """Of fifty minutes five are over: as if all the other requests were answered well, 3 % become 0.3 %."""
    new, beside = window({200: 485, 500: 15}), window({200: 4500})
    assert verdict(Watch(error_rate=0.005), new, beside, of=of) is expected
    assert verdict(Watch(max_error_rate=0.01), new, of=of) is expected
