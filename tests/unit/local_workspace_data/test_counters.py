"""Counts of traffic."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deployer.local_workspace.serving.counters import BOUNDS_MS, Traffic


@given(times=st.lists(st.floats(0, 60_000), min_size=1), share=st.floats(0.01, 1))
def test_a_quantile_bounds_that_share_of_the_requests(times: list[float], share: float) -> None:
    traffic = Traffic()
    for ms in times:
        traffic.count(200, ms)
    bound = traffic.quantile(share)
    assert sum(ms <= bound for ms in times) >= share * len(times) - 1e-9
    tighter = [each for each in BOUNDS_MS if each < bound]
    assert not tighter or sum(ms <= tighter[-1] for ms in times) < share * len(times)


def test_errors_are_what_is_not_200() -> None:
    traffic = Traffic()
    assert (traffic.requests, traffic.errors, traffic.quantile(0.5)) == (0, 0, 0.0)
    for status in (200, 424, 408, 200):
        traffic.count(status, 1)
    assert (traffic.requests, traffic.errors) == (4, 2)
