"""Scoring on behalf of a user: when a request is sent again, and what a measurement counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import count

import pytest

from deployer.applying.score_requests import ask_patiently, measure
from deployer.core.errors import Unreachable
from deployer.core.statistics import Sample
from deployer.core.workspace import Answer
from tests.unit.memory import answer


def asked(*statuses: int) -> tuple[int, list[float]]:
    """The status that comes back when the endpoint answers these, and the waits on the way."""
    answers, waits = iter(statuses), list[float]()
    found = ask_patiently(lambda: answer(status=next(answers)), waits.append)
    return found.status, waits


@pytest.mark.parametrize("busy", [429, 503])
def test_a_busy_endpoint_is_asked_again_a_little_later_each_time(busy: int) -> None:
    assert asked(busy, busy, 200) == (200, [0.2, 0.5])


def test_an_endpoint_that_stays_busy_is_asked_four_times() -> None:
    assert asked(503, 503, 503, 429) == (429, [0.2, 0.5, 1.0])


@pytest.mark.parametrize("status", [200, 424, 500, 408])
def test_every_other_answer_is_final(status: int) -> None:
    assert asked(status) == (status, [])


def untouched(samples: Iterable[Sample], length: int) -> Iterable[Sample]:
    assert length == 6
    return samples


def test_a_measurement_sends_the_bodies_in_turn_and_counts_errors_by_kind() -> None:
    sent: list[bytes] = []
    numbers = count(1)

    def ask(body: bytes) -> Answer:
        sent.append(body)
        match next(numbers):
            case 2:
                raise Unreachable("nothing answered")
            case 3:
                return answer(status=424)
            case _:
                return answer(milliseconds=7.0)

    found = measure(ask, [b"a", b"b"], repeat=6, concurrency=1, progress=untouched)
    assert sent == [b"a", b"b"] * 3
    assert (found.requests, dict(found.errors), found.max_ms) == (6, {"no answer": 1, "424": 1}, 7.0)


def test_a_measurement_knows_who_answered_and_how_long_it_took_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([10.0, 12.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    names = iter(["blue", "green", "blue", "blue", "blue", "blue"])

    def ask(body: bytes) -> Answer:
        return replace(answer(), deployment=next(names))

    found = measure(ask, [b"a"], repeat=6, concurrency=1, progress=untouched)
    assert dict(found.deployments) == {"blue": 5, "green": 1}
    assert (found.seconds, found.per_second) == (2.0, 3.0)


def test_what_had_no_answer_has_no_time_either() -> None:
    def ask(body: bytes) -> Answer:
        raise Unreachable("nothing answered")

    found = measure(ask, [b"a"], repeat=6, concurrency=3, progress=untouched)
    assert (found.mean_ms, found.max_ms, found.per_second, dict(found.errors)) == (None, None, 0.0, {"no answer": 6})


def test_as_many_requests_as_wanted_are_on_their_way_at_once() -> None:
    together = threading.Barrier(3)

    def ask(body: bytes) -> Answer:
        together.wait(timeout=30)
        return answer()

    assert measure(ask, [b"a"], repeat=6, concurrency=3, progress=untouched).requests == 6


def test_without_a_clock_of_its_own_a_pause_is_a_real_one() -> None:
    answers = iter([503, 200])
    began = time.monotonic()
    assert ask_patiently(lambda: answer(status=next(answers))).status == 200
    assert time.monotonic() - began >= 0.2
