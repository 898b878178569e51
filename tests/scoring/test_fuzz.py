"""Whatever the body is, it is answered or refused."""

from __future__ import annotations

from collections import Counter

import pytest

from scoring.contract import answer
from scoring.engines import LiteRT
from scoring.refusal import ScoringRefused
from tests.scoring.fuzz import fuzzed


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, about damaged files
def test_a_thousand_fuzzed_bodies_are_answered_or_refused(engine: LiteRT) -> None:
    outcomes = Counter(outcome(request_body, engine) for request_body in fuzzed(seed=3, count=1_000))
    assert {status for status, _ in outcomes} == {200, 400, 413, 415}
    assert len(outcomes) >= 10, outcomes
    assert outcomes[200, "ok"] > 20, outcomes


def outcome(request_body: bytes, engine: LiteRT) -> tuple[int, str]:
    try:
        given = answer(request_body, engine)
    except ScoringRefused as refusal:
        return refusal.status, refusal.code
    return (200, "ok") if given in range(10) or isinstance(given, list) else (200, "odd")
