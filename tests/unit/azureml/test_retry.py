"""Waiting is bounded, backs off, and heeds what the server asks; with a clock of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deployer.azureml.refusal import Refusal
from deployer.azureml.retry import AzureRefused, Patience, insist, wait_for
from deployer.core.errors import Busy, Unreachable, WorkspaceError


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


@pytest.mark.parametrize(("busy", "slept"), [(14.0, [7.0, 7.0]), (13.0, [7.0])])
def test_the_last_try_is_at_the_end_of_the_time_at_the_latest(busy: float, slept: list[float]) -> None:
    time = Time()
    with pytest.raises(Busy):
        insist(time.patience(busy=busy), "write", after([Refusal(status=429, retry_after=7.0)] * 9))
    assert time.slept == slept


def test_a_workspace_that_is_polled_often_is_also_asked_again_soon() -> None:
    time = Time()
    insist(time.patience(poll=0.2, longest_pause=0.5), "write", after([Refusal(status=409)] * 3))
    assert time.slept == [0.2, 0.4, 0.5]


def test_what_is_wrong_is_not_tried_again_even_where_the_server_says_at_once() -> None:
    time = Time()
    with pytest.raises(WorkspaceError):
        insist(time.patience(), "write", after([Refusal(status=400, retry_after=0.0)]))
    assert time.slept == []


@pytest.mark.parametrize("status", [408, 423, 503])
def test_what_passes_passes_for_assets_too(status: int) -> None:
    time = Time()
    assert insist(time.patience(), "register", after([Refusal(status=status)]), conflict_passes=False) == "done"


def test_a_refusal_in_a_traceback_says_what_azure_said() -> None:
    assert str(AzureRefused(Refusal(status=400, message="no such size"))) == "no such size"


def test_a_first_deployment_has_two_hours_and_a_busy_endpoint_half_an_hour() -> None:
    known = Patience()
    assert (known.operation, known.busy, known.broken) == (7200.0, 1800.0, 120.0)
    assert (known.poll, known.longest_pause) == (5.0, 30.0)


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
