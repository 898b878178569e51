"""Waiting is bounded, backs off, and heeds what the server asks; with a clock of the test's own."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deployer.azureml.refusal import Refusal
from deployer.azureml.retry import AzureRefused, Patience, time_for, wait_for
from deployer.core.errors import Busy


@dataclass
class Time:
    """A clock that begins at `start`, and moves when somebody sleeps."""

    start: float = 1000.0
    slept: list[float] = field(default_factory=list)

    @property
    def now(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def patience(self, **limits: float) -> Patience:
        known: dict[str, float] = {"busy": 100.0, "broken": 20.0, "operation": 60.0, **limits}
        return Patience(**known, clock=lambda: self.start + self.now, sleep=self.sleep)


@pytest.mark.parametrize(
    ("refusal", "most"),
    [
        (Refusal(status=409, message="busy"), 100.0),
        (Refusal(status=429, retry_after=7.0), 100.0),
        (Refusal(status=423), 100.0),
        (Refusal(status=503, message="down"), 20.0),
        (Refusal(status=0, message="gone"), 20.0),
        (Refusal(status=200, code="OperationCanceled"), 100.0),
        (Refusal(status=400, message="wrong"), -math.inf),
        (Refusal(status=400, retry_after=0.0), -math.inf),
        (Refusal(status=200, code="OutOfQuota", message="no"), -math.inf),
    ],
)
def test_how_long_another_try_makes_sense_follows_from_the_refusal(refusal: Refusal, most: float) -> None:
    assert time_for(refusal, Time().patience()) == most


def test_waiting_for_what_never_comes_ends() -> None:
    time = Time()
    with pytest.raises(Busy, match="1 minutes"):
        wait_for(time.patience(), "see it", lambda: 1, lambda seen: seen == 2)
    assert 60.0 < time.now <= 70.0


def test_a_refusal_in_a_traceback_says_what_azure_said() -> None:
    assert str(AzureRefused(Refusal(status=400, message="no such size"))) == "no such size"


def test_a_first_deployment_has_two_hours_and_a_busy_endpoint_half_an_hour() -> None:
    known = Patience()
    assert (known.operation, known.busy, known.broken) == (7200.0, 1800.0, 120.0)
    assert known.poll == 5.0


def test_waiting_reads_again_after_each_pause_and_gives_what_was_seen_last() -> None:
    time, states = Time(), iter(["Creating", "Updating", "Succeeded"])
    found = wait_for(time.patience(poll=4.0), "see it", lambda: next(states), lambda seen: seen == "Succeeded")
    assert (found, time.slept) == ("Succeeded", [4.0, 4.0])


def test_the_guide_says_how_long_is_waited() -> None:
    patience, guide = Patience(), " ".join(Path("docs/guide.md").read_text(encoding="utf-8").split())
    assert (patience.busy, patience.operation, patience.broken) == (1800, 7200, 120)
    assert (
        "waits up to half an hour for a busy resource, up to two hours for one operation, and up to two minutes"
        in guide
    )
