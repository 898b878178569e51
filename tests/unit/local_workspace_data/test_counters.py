"""Counts of traffic."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deployer.local_workspace.serving.counters import BOUNDS_MS, Traffic


@given(times=st.lists(st.floats(0, 60_000) | st.sampled_from(BOUNDS_MS)))
def test_each_class_counts_the_requests_up_to_its_bound(times: list[float]) -> None:
    traffic = Traffic()
    for ms in times:
        traffic.count(200, ms)
    for number, bound in enumerate(BOUNDS_MS):
        assert sum(traffic.latencies[: number + 1]) == sum(ms <= bound for ms in times)
    assert sum(traffic.latencies) == len(times)


def test_errors_are_what_is_not_200() -> None:
    traffic = Traffic()
    assert (traffic.requests, traffic.errors) == (0, 0)
    for status in (200, 424, 408, 200):
        traffic.count(status, 1)
    assert (traffic.requests, traffic.errors) == (4, 2)
