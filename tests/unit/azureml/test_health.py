"""What can be read off Azure's answers about a caller's own chances."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from deployer.azureml.health import ACTIONS, _allows, _clock
from deployer.core.health import Health

ML = "Microsoft.MachineLearningServices"


@pytest.mark.parametrize(
    ("actions", "not_actions", "lacking"),
    [
        (["*"], [], 0),
        ([f"{ML}/workspaces/*/read", f"{ML}/workspaces/read"], [], len(ACTIONS) - 1),
        ([f"{ML}/workspaces/*"], [f"{ML}/workspaces/delete"], 0),
        ([f"{ML}/workspaces/*"], [f"{ML}/workspaces/onlineEndpoints/delete"], 1),
        ([f"{ML.upper()}/WORKSPACES/*"], [], 0),
        (["*/read"], [], len(ACTIONS) - 1),
        ([], [], len(ACTIONS)),
    ],
)
def test_permissions_are_patterns_of_which_some_are_taken_away(
    actions: list[str], not_actions: list[str], lacking: int
) -> None:
    row = {"actions": actions, "notActions": not_actions}
    assert sum(not _allows(row, action) for action in ACTIONS) == lacking


@pytest.mark.parametrize(
    ("minutes", "health"), [(0, Health.WELL), (4, Health.WELL), (6, Health.FAILED), (-6, Health.FAILED)]
)
def test_a_clock_may_be_five_minutes_wrong(minutes: int, health: Health) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
    assert _clock(date).health is health


def test_without_a_time_nothing_is_known_of_the_clock() -> None:
    assert _clock("").health is Health.UNKNOWN
