"""Probabilities against values counted out by hand, and the promises of the tests over many draws."""

from __future__ import annotations

import math
import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.core.significance import at_least, fewest_grains, highest_share, longer, rise


def exactly(count: int, trials: int, share: float) -> float:
    return math.comb(trials, count) * share**count * (1 - share) ** (trials - count)


@given(st.integers(0, 40), st.integers(0, 40), st.floats(0.001, 0.999))
def test_a_binomial_tail_is_the_sum_of_its_terms(successes: int, trials: int, share: float) -> None:
    expected = sum(exactly(count, trials, share) for count in range(successes, trials + 1))
    assert at_least(successes, trials, share) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("successes", "share", "expected"), [(0, 0.0, 1.0), (1, 0.0, 0.0), (3, 1.0, 1.0), (11, 0.5, 0)]
)
def test_the_ends_of_a_binomial_tail(successes: int, share: float, expected: float) -> None:
    assert at_least(successes, 10, share) == expected


def test_many_requests_take_no_time_and_stay_probabilities() -> None:
    assert at_least(50_300, 10_000_000, 0.005) == pytest.approx(0.0907, abs=0.002)
    assert at_least(49_700, 10_000_000, 0.005) == pytest.approx(0.911, abs=0.002)


@pytest.mark.parametrize(
    ("successes", "trials", "risk", "expected"),
    [(0, 100, 0.05, 1 - 0.05 ** (1 / 100)), (100, 100, 0.05, 1.0), (0, 0, 0.05, 1.0), (5, 50, 0.025, 0.2181354)],
)
def test_the_highest_share_is_that_of_clopper_and_pearson(
    successes: int, trials: int, risk: float, expected: float
) -> None:
    assert highest_share(successes, trials, risk) == pytest.approx(expected, abs=1e-6)


def test_a_rise_within_the_margin_is_likely_and_a_real_one_is_not() -> None:
    assert rise((15, 500), (0, 4500), 0.005, 0.0167) < 0.0167
    assert rise((2, 500), (0, 4500), 0.005, 0.0167) > 0.5
    assert rise((50, 500), (450, 4500), 0.0, 0.05) > 0.3


@pytest.mark.parametrize("share", [0.001, 0.01, 0.05])
def test_an_equal_share_is_seldom_called_a_rise(share: float) -> None:
    draw, risk = random.Random(7), 0.05
    alarms = 0
    for _ in range(400):
        new = sum(draw.random() < share for _ in range(300))
        old = sum(draw.random() < share for _ in range(900))
        alarms += rise((new, 300), (old, 900), 0.0, risk) <= risk
    assert alarms / 400 <= risk + 0.02


@pytest.mark.parametrize(("mine", "others"), [(1, 1), (2, 3), (4, 4), (5, 2)])
def test_ranks_are_counted_out(mine: int, others: int) -> None:
    """The chance of a result is the share of all orders that are at least as extreme."""
    places = range(mine + others)
    orders = [set(chosen) for chosen in combinations(places, mine)]
    wins = [sum(a > b for a in chosen for b in places if b not in chosen) for chosen in orders]
    for chosen, won in zip(orders, wins, strict=True):
        expected = sum(other >= won for other in wins) / len(orders)
        new, old = [float(a) for a in chosen], [float(b) for b in places if b not in chosen]
        assert longer(new, old) == pytest.approx(expected)


def test_many_values_are_as_good_as_normal() -> None:
    draw = random.Random(1)
    new, old = [draw.gauss(10, 1) for _ in range(101)], [draw.gauss(10, 1) for _ in range(101)]
    assert 0.001 < longer(new, old) < 0.999
    assert longer([value + 1 for value in new], old) < 1e-6
    assert longer([value - 1 for value in new], old) > 1 - 1e-6


def test_ties_prove_nothing() -> None:
    assert longer([5.0] * 8, [5.0] * 8) == 1.0
    assert longer([], [1.0]) == longer([1.0], []) == 1.0


@given(st.floats(0.0001, 0.2))
def test_the_fewest_grains_can_prove_a_difference_and_one_less_cannot(risk: float) -> None:
    count = fewest_grains(risk)
    assert longer([2.0] * count, [1.0] * count) <= risk
    assert count == 2 or longer([2.0] * (count - 1), [1.0] * (count - 1)) > risk
