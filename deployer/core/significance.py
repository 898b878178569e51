"""Tests of significance: is one share of failures higher than another, is one series of latencies longer. Pure.

Both give the probability of data at least this extreme if the new deployment were just as good as is allowed: a small
one is proof that it is worse. Both are one-sided and hold for few requests too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

_EXACT_PAIRS = 10_000
"""Up to so many pairs of values, the distribution of ranks is counted out; beyond, it is as good as normal."""


def at_least(successes: int, trials: int, share: float) -> float:
    """The probability of at least so many successes in independent trials that succeed with the probability `share`."""
    if successes <= 0 or share >= 1:
        return 1.0
    if successes > trials or share <= 0:
        return 0.0
    if successes <= trials * share:  # sum the shorter side, whose terms shrink from its first one on
        return 1.0 - _run(trials - successes + 1, trials, 1 - share)
    return _run(successes, trials, share)


def _run(successes: int, trials: int, share: float) -> float:
    """The sum of the probabilities of so many successes and of more, until further ones no longer matter."""
    odds = share / (1 - share)
    term = math.exp(
        _log_choose(trials, successes) + successes * math.log(share) + (trials - successes) * math.log1p(-share)
    )
    total, count = term, successes
    while count < trials and term > total * 1e-12:
        term *= odds * (trials - count) / (count + 1)
        total, count = total + term, count + 1
    return min(1.0, total)


def _log_choose(trials: int, count: int) -> float:
    return math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)


def highest_share(successes: int, trials: int, risk: float) -> float:
    """The upper end of the exact confidence interval of a share: the true one is higher with at most this risk.

    Clopper and Pearson: https://doi.org/10.1093/biomet/26.4.404
    """
    if successes >= trials:
        return 1.0
    low, high = successes / trials, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        fewer = 1.0 - at_least(successes + 1, trials, middle)
        low, high = (middle, high) if fewer > risk else (low, middle)
    return high


def rise(new: tuple[int, int], old: tuple[int, int], margin: float, risk: float) -> float:
    """How likely the (failures, requests) of `new` are, if it fails by no more than `margin` more often than `old`.

    The unknown share of `old` is taken at the upper end of its interval, and the risk that it is even higher is added,
    so that the result is never too small. Berger and Boos: https://doi.org/10.1080/01621459.1994.10476836
    """
    failures, requests = new
    aside = risk / 10
    return min(1.0, at_least(failures, requests, highest_share(*old, aside) + margin) + aside)


def longer(new: Sequence[float], old: Sequence[float]) -> float:
    """How likely the ranks of `new` among `old` are, if both come from the same distribution.

    Mann and Whitney: https://doi.org/10.1214/aoms/1177730491. A tie counts for `old`.
    """
    if not new or not old:
        return 1.0
    wins = sum(mine > other for mine, other in product(new, old))
    if len(new) * len(old) > _EXACT_PAIRS:
        return _normal_tail(wins, len(new), len(old))
    ways = _ways(len(new), len(old))
    return sum(ways[wins:]) / sum(ways)


def least_chance(mine: int, others: int) -> float:
    """The smallest result that `longer` can have with so many values: every one of `new` is above all of `old`."""
    return 1 / math.comb(mine + others, mine)


def fewest_grains(risk: float) -> int:
    """How many values each of two series needs before `longer` can fall to `risk` at all."""
    count = 2
    while least_chance(count, count) > risk:
        count += 1
    return count


def _ways(mine: int, others: int) -> list[int]:
    """How many orders of two series have so many pairs in which the first is larger: a Gaussian binomial."""
    ways = [1] + [0] * (mine * others)
    for factor in range(1, mine + 1):
        step = others + factor
        for place in range(len(ways) - 1, step - 1, -1):
            ways[place] -= ways[place - step]
        for place in range(factor, len(ways)):
            ways[place] += ways[place - factor]
    return ways


def _normal_tail(wins: int, mine: int, others: int) -> float:
    pairs = mine * others
    deviation = math.sqrt(pairs * (mine + others + 1) / 12)
    return math.erfc((wins - 0.5 - pairs / 2) / deviation / math.sqrt(2)) / 2
