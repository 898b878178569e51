"""Waiting is bounded, backs off, and heeds what the server asks; with a clock of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from deployer.azureml.refusal import Refusal
from deployer.azureml.retry import AzureRefused, Patience, insist, wait_for
from deployer.core.errors import Busy, Unreachable, WorkspaceError


@dataclass
class Time:
    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def patience(self) -> Patience:
        return Patience(busy=100.0, broken=20.0, operation=60.0, clock=lambda: self.now, sleep=self.sleep)


def after(refusals: list[Refusal]) -> Callable[[], str]:
    left: Iterator[Refusal] = iter(refusals)

    def attempt() -> str:
        for refusal in left:
            raise AzureRefused(refusal)
        return "done"

    return attempt


def test_a_busy_service_is_asked_again_ever_more_slowly() -> None:
    time = Time()
    assert insist(time.patience(), "write", after([Refusal(status=409)] * 6)) == "done"
    assert time.slept == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0]


def test_what_the_server_asks_is_heeded() -> None:
    time = Time()
    insist(time.patience(), "write", after([Refusal(status=429, retry_after=7.0)] * 2))
    assert time.slept == [7.0, 7.0]


@pytest.mark.parametrize(
    ("refusal", "kind", "most"),
    [
        (Refusal(status=409, message="busy"), Busy, 100.0),
        (Refusal(status=503, message="down"), WorkspaceError, 20.0),
        (Refusal(status=0, message="gone"), Unreachable, 20.0),
        (Refusal(status=400, message="wrong"), WorkspaceError, 0.0),
        (Refusal(status=200, code="OperationCanceled"), Busy, 100.0),
        (Refusal(status=200, code="OutOfQuota", message="no"), WorkspaceError, 0.0),
    ],
)
def test_it_ends(refusal: Refusal, kind: type[WorkspaceError], most: float) -> None:
    time = Time()
    with pytest.raises(kind):
        insist(time.patience(), "write", after([refusal] * 1000))
    assert time.now <= most


def test_a_conflict_over_an_asset_is_final() -> None:
    time = Time()
    with pytest.raises(Busy):
        insist(time.patience(), "register", after([Refusal(status=409)]), conflict_passes=False)
    assert time.slept == []


def test_waiting_for_what_never_comes_ends() -> None:
    time = Time()
    with pytest.raises(Busy, match="1 minutes"):
        wait_for(time.patience(), "see it", lambda: 1, lambda seen: seen == 2)
    assert 60.0 < time.now <= 70.0
