"""Baking: how often is probed and how long is waited, when a rollout stops early, and what is said at the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from deployer.applying.bake import bake
from deployer.applying.tools import Interrupted
from deployer.core.errors import WorkspaceError
from deployer.core.intent import Checks, SmokeTest
from deployer.core.plan import Action, Bake, Step
from deployer.core.resources import deployment_ref, traffic_ref
from deployer.core.workspace import Answer
from tests.unit.memory import MemoryWorkspace, Noting, answer, tools

GREEN, RED = deployment_ref("digits", "green"), deployment_ref("digits", "red")
SMOKE = SmokeTest(request="request.json", json=7)
STEP = Step(action=Action.UPDATE, ref=traffic_ref("digits"))


def baking(checks: Checks, *, seconds: float = 60.0, both: bool = False) -> Step:
    probes = ((GREEN, SMOKE), *(((RED, SMOKE),) if both else ()))
    return replace(STEP, bake=Bake(seconds=seconds, checks=checks, probes=probes))


@dataclass
class Failing(MemoryWorkspace):
    """Its probes of these numbers, beginning with 1, answer wrongly."""

    wrong: frozenset[int] = frozenset()

    def score(self, endpoint: str, body: bytes, *, deployment: str = "", **rest: Any) -> Answer:
        super().score(endpoint, body, deployment=deployment, **rest)
        return answer(b"9" if len(self.asked) in self.wrong else b"7")


def test_without_a_bake_nothing_is_waited_for() -> None:
    workspace = MemoryWorkspace()
    assert bake(STEP, tools(workspace)) == ""
    assert (workspace.now, workspace.asked) == (0.0, [])


def test_without_probes_the_time_alone_passes() -> None:
    workspace = MemoryWorkspace()
    step = replace(STEP, bake=Bake(seconds=60.0, checks=Checks(), probes=()))
    assert bake(step, tools(workspace)) == "baked without probes"
    assert (workspace.now, workspace.asked) == (60.0, [])


@pytest.mark.parametrize(("least", "times"), [(0, [0.0]), (1, [0.0]), (2, [0.0, 30.0]), (4, [0.0, 15.0, 30.0, 45.0])])
def test_the_probes_are_spread_over_the_whole_time(least: int, times: list[float]) -> None:
    workspace, watcher = MemoryWorkspace(), Noting()
    note = bake(baking(Checks(min_requests=least)), replace(tools(workspace), watcher=watcher))
    assert note == f"deployment digits/green: {len(times)} probes, 0 failed"
    assert workspace.asked == [(now, "green") for now in times]
    assert workspace.now == 60.0
    assert watcher.told == [f"traffic digits: {number} of {len(times)}" for number in range(1, len(times) + 1)]


def test_all_deployments_are_probed_in_the_same_rounds_and_each_has_its_verdict() -> None:
    workspace = MemoryWorkspace()
    note = bake(baking(Checks(min_requests=2), both=True), tools(workspace))
    assert note == "deployment digits/green: 2 probes, 0 failed; deployment digits/red: 2 probes, 0 failed"
    assert workspace.asked == [(0.0, "green"), (0.0, "red"), (30.0, "green"), (30.0, "red")]


def test_the_first_wrong_answer_ends_a_bake_that_allows_none() -> None:
    workspace = Failing(wrong=frozenset({3}))
    with pytest.raises(WorkspaceError) as caught:
        bake(baking(Checks(min_requests=10)), tools(workspace))
    assert caught.value.message == (
        "the checks on deployment digits/green did not pass: 1 of 3 probes failed; "
        "the last one: answered 9 instead of 7"
    )
    assert caught.value.code == "RolloutCheckFailed"
    assert len(workspace.asked) == 3


@pytest.mark.parametrize(
    ("rate", "least", "wrong", "probes"),
    [
        (0.2, 10, {1, 2}, None),
        (0.2, 10, {1, 2, 3}, 3),
        (0.2, 10, {8, 9, 10}, 10),
        (0.25, 10, {1, 2}, None),
        (0.5, 1, {1}, 1),
        (0.0, 10, {5}, 5),
        (1.0, 2, {1, 2}, None),
    ],
)
def test_a_bake_goes_on_while_the_error_rate_can_still_be_met(
    rate: float, least: int, wrong: set[int], probes: int | None
) -> None:
    workspace = Failing(wrong=frozenset(wrong))
    step = baking(Checks(min_requests=least, max_error_rate=rate))
    if probes is None:
        assert bake(step, tools(workspace)) == f"deployment digits/green: {least} probes, {len(wrong)} failed"
        return
    with pytest.raises(WorkspaceError, match=f"{len(wrong)} of {probes} probes failed; the last one: answered 9"):
        bake(step, tools(workspace))
    assert len(workspace.asked) == probes


def test_a_bake_of_any_number_of_probes_has_one_that_may_fail_if_all_may() -> None:
    workspace = Failing(wrong=frozenset({1}))
    note = bake(baking(Checks(min_requests=0, max_error_rate=1.0)), tools(workspace))
    assert note == "deployment digits/green: 1 probes, 1 failed"


def test_where_smoke_is_not_checked_wrong_answers_stop_nothing() -> None:
    workspace = Failing(wrong=frozenset({1, 2}))
    note = bake(baking(Checks(smoke=False, min_requests=2)), tools(workspace))
    assert note == "deployment digits/green: 2 probes, 2 failed"


def test_a_bake_that_was_too_slow_fails_at_its_end_with_its_verdict() -> None:
    workspace = MemoryWorkspace(respond=lambda name, now: answer(milliseconds=9))
    with pytest.raises(WorkspaceError, match=r"did not pass: failed: the 95th percentile was 9 ms") as caught:
        bake(baking(Checks(max_p95_ms=8, min_requests=2)), tools(workspace))
    assert (caught.value.code, len(workspace.asked)) == ("RolloutCheckFailed", 2)


@pytest.mark.parametrize("probed", [True, False])
def test_a_stop_while_baking_is_no_failed_check(probed: bool) -> None:
    workspace = MemoryWorkspace(stop_at=0.0)
    step = baking(Checks()) if probed else replace(STEP, bake=Bake(seconds=60.0, checks=Checks(), probes=()))
    with pytest.raises(Interrupted, match="interrupted while the traffic step was baking"):
        bake(step, tools(workspace))


def test_a_bake_of_no_time_is_not_waited_for() -> None:
    workspace = MemoryWorkspace(stop_at=0.0)
    assert bake(baking(Checks(min_requests=2), seconds=0.0), tools(workspace)).endswith("2 probes, 0 failed")
