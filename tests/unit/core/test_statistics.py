"""Percentiles, histograms and summaries over latencies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.core.statistics import Bin, Sample, histogram, percentile, summary

LATENCIES = st.lists(st.floats(min_value=0, max_value=1e7), min_size=1, max_size=200).map(sorted)


@pytest.mark.parametrize(
    ("values", "rank", "expected"),
    [
        ([1.0], 50, 1.0),
        ([1.0, 2.0], 50, 1.0),
        ([1.0, 2.0, 3.0], 50, 2.0),
        (list(range(1, 101)), 95, 95),
        ([5.0, 6.0], 0, 5.0),
    ],
)
def test_percentiles_by_nearest_rank(values: list[float], rank: float, expected: float) -> None:
    assert percentile(values, rank) == expected


@given(LATENCIES, st.integers(0, 100))
def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed(values: list[float], rank: int) -> None:
    found = percentile(values, rank)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= rank * len(values)
    assert sum(value < found for value in values) * 100 < max(rank * len(values), 1)


@pytest.mark.parametrize(("values", "rank"), [([], 50), ([1.0], 101), ([1.0], -1)])
def test_a_percentile_of_nothing_is_an_error(values: list[float], rank: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, rank)


@given(LATENCIES, st.integers(1, 20))
def test_a_histogram_holds_every_value_once_within_its_edges(values: list[float], bins: int) -> None:
    found = histogram(values, bins)
    assert sum(part.count for part in found) == len(values)
    assert found[0].low == values[0]
    assert found[-1].high == values[-1]
    assert len(found) in (1, bins)
    assert all(part.low <= part.high for part in found)


def test_a_histogram_counts_where_values_lie() -> None:
    assert histogram([0.0, 1.0, 1.5, 4.0], 4) == (
        Bin(low=0.0, high=1.0, count=1),
        Bin(low=1.0, high=2.0, count=2),
        Bin(low=2.0, high=3.0, count=0),
        Bin(low=3.0, high=4.0, count=1),
    )


def test_a_histogram_begins_at_the_smallest_value() -> None:
    assert [part.count for part in histogram([10.0, 11.0, 11.5, 14.0], 4)] == [1, 2, 0, 1]


def test_equal_values_are_one_bin() -> None:
    assert histogram([3.0, 3.0], 10) == (Bin(low=3.0, high=3.0, count=2),)


def test_errors_count_as_requests_and_not_as_latencies() -> None:
    samples = [
        Sample(milliseconds=10, deployment="blue"),
        Sample(milliseconds=30, deployment="green"),
        Sample(milliseconds=20, deployment="green"),
        Sample(milliseconds=999, deployment="blue", error="429"),
    ]
    found = summary(samples, 2.0)
    assert (found.requests, found.per_second, found.mean_ms, found.max_ms) == (4, 1.5, 20.0, 30.0)
    assert dict(found.percentiles) == {50: 20.0, 95: 30.0, 99: 30.0}
    assert found.errors == {"429": 1}
    assert list(found.deployments.items()) == [("green", 2), ("blue", 1)]


def test_nothing_but_errors_has_no_latencies() -> None:
    found = summary([Sample(milliseconds=1, error="503")], 0.0)
    assert (found.per_second, found.mean_ms, found.max_ms, found.percentiles, found.histogram) == (
        0.0,
        None,
        None,
        {},
        (),
    )


def test_a_short_run_has_a_rate_ten_bins_and_names_in_order() -> None:
    samples = [Sample(milliseconds=number, deployment="ba"[number % 2]) for number in range(20)]
    found = summary(samples, 0.5)
    assert (found.requests, found.seconds, found.per_second) == (20, 0.5, 40.0)
    assert [part.count for part in found.histogram] == [2] * 10
    assert list(found.deployments) == ["a", "b"]
    assert list(found.percentiles) == [50, 95, 99]
