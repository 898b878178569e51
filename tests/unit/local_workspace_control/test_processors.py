"""How busy processors were, told by what was used at each look."""

from __future__ import annotations

from deployer.local_workspace.control.state.processors import Processors


def noted(*looks: tuple[float, float]) -> Processors:
    made = Processors()
    for at, used in looks:
        made.look("e/blue", at, used)
    return made


def test_what_was_used_in_the_window_is_shared_by_the_instances() -> None:
    made = noted((0, 0.0), (10, 0.0), (20, 5.0), (30, 10.0))
    assert [made.percent("e/blue", 20, count) for count in (1, 2, 5)] == [50.0, 25.0, 10.0]
    assert made.percent("e/blue", 30, 1) == 100 * 10 / 30


def test_a_window_that_is_not_over_has_no_value() -> None:
    assert noted().percent("e/blue", 20, 1) is None
    assert noted((0, 0.0), (10, 9.0)).percent("e/blue", 20, 1) is None
    assert noted((0, 0.0), (15, 9.0)).percent("e/blue", 20, 1) == 60.0


def test_new_processes_begin_anew_and_more_than_all_is_all() -> None:
    assert noted((0, 0.0), (10, 9.0), (20, 1.0)).percent("e/blue", 10, 1) is None
    assert noted((0, 0.0), (10, 40.0)).percent("e/blue", 10, 1) == 100.0
    assert noted((0, 0.0), (10, 5.0)).percent("e/green", 10, 1) is None
