"""What rollback restores: the split before the last change, where one is recorded and still possible."""

from __future__ import annotations

import pytest

from deployer.core.bookkeeping import Bookkeeping
from deployer.core.errors import DeployerError, Refused
from deployer.core.resources import Resource, state_of, traffic_ref
from deployer.planning.rollback import earlier_traffic
from tests.build import deployment, endpoint, live, seen, traffic


def moved(
    before: dict[str, int],
    name: str = "digits",
    /,
    mirror: dict[str, int] | None = None,
    mirrored: dict[str, int] = {},  # noqa: B006
    **now: int,
) -> Resource:
    noted = Bookkeeping(previous_split=before, previous_mirror=mirrored)
    return seen(traffic(name, mirror=mirror, **now), bookkeeping=noted)


TWO = (endpoint(), deployment("blue"), deployment("green"))
PRICES = (endpoint("prices"), deployment("blue", "prices"), traffic("prices", blue=100))


def test_the_split_before_is_what_is_asked_for_and_nothing_else() -> None:
    there = live(*TWO, moved({"blue": 90, "green": 10}, green=100))
    found = earlier_traffic(["digits"], there)
    assert found == state_of([traffic(mirror={}, blue=90, green=10)])
    assert found.resources[traffic_ref("digits")].observed is None


def test_a_mirror_stays_unless_its_deployment_gets_live_traffic_again() -> None:
    there = live(*TWO, deployment("red"), moved({"blue": 100}, mirror={"blue": 20, "red": 5}, green=100))
    assert earlier_traffic(["digits"], there) == state_of([traffic(mirror={"red": 5}, blue=100)])


def test_a_swap_of_live_and_mirrored_deployments_is_undone_whole() -> None:
    there = live(*TWO, moved({"blue": 100}, mirror={"blue": 20}, mirrored={"green": 20}, green=100))
    assert earlier_traffic(["digits"], there) == state_of([traffic(mirror={"green": 20}, blue=100)])


def test_a_recorded_mirror_to_what_is_gone_is_left_out() -> None:
    there = live(*TWO, moved({"blue": 100}, mirrored={"red": 20}, green=100))
    assert earlier_traffic(["digits"], there) == state_of([traffic(mirror={}, blue=100)])


def test_an_endpoint_without_a_record_is_left_out() -> None:
    there = live(*TWO, moved({"blue": 100}, green=100), *PRICES)
    assert earlier_traffic(["digits", "prices", "absent"], there).resources.keys() == {traffic_ref("digits")}


@pytest.mark.parametrize("endpoints", [[], ["prices"], ["absent"]])
def test_nothing_recorded_is_an_error_that_refuses_nothing(endpoints: list[str]) -> None:
    with pytest.raises(DeployerError, match="no earlier traffic split is recorded") as error:
        earlier_traffic(endpoints, live(*PRICES))
    assert error.value.exit_code == 1


def test_a_split_that_needs_what_was_deleted_is_refused_by_name() -> None:
    there = live(endpoint(), deployment("blue"), deployment("red", "prices"), moved({"blue": 5, "red": 95}, blue=100))
    with pytest.raises(Refused, match="of endpoint digits needs red, which has been deleted"):
        earlier_traffic(["digits"], there)
