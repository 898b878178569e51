"""What a plan says of a smoke test: every expectation, each with what belongs to it."""

from __future__ import annotations

import pytest

from deployer.core.intent import SmokeTest
from deployer.report.describe import test_sentence as sentence


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (SmokeTest(image="a.png"), "sends a.png; expects status 200"),
        (SmokeTest(request="a.json", status=400), "sends a.json; expects status 400"),
        (SmokeTest(image="a", json=None), "sends a; expects status 200 and the JSON null"),
        (SmokeTest(image="a", json=7, max_ms=500), "sends a; expects status 200 and the JSON 7 within 500 ms"),
        (
            SmokeTest(image="a", subset={"digit": 7}, tolerance=0.1, contains="ok"),
            'sends a; expects status 200 and an answer with {"digit": 7} (numbers within 0.1) and the text ok',
        ),
        (SmokeTest(image="a", contains="ok"), "sends a; expects status 200 and the text ok"),
    ],
)
def test_a_smoke_test_is_said_whole(test: SmokeTest, expected: str) -> None:
    assert sentence(test) == expected
