"""What counts as having traffic, and as ever created."""

from __future__ import annotations

import pytest

from deployer.core.resources import Kind, Ref, Resource, asset_ref, deployment_ref, endpoint_ref, traffic_ref
from deployer.planning.facts import has_traffic, was_created
from tests.build import deployment, endpoint, live, seen, traffic

ENDPOINT, BLUE = endpoint_ref("digits"), deployment_ref("digits", "blue")


@pytest.mark.parametrize(
    ("ref", "split", "reached"),
    [
        (ENDPOINT, traffic(blue=100), True),
        (ENDPOINT, traffic(mirror={"blue": 10}), True),
        (ENDPOINT, traffic(), False),
        (ENDPOINT, None, False),
        (BLUE, traffic(blue=1, green=99), True),
        (BLUE, traffic(mirror={"blue": 10}, green=100), True),
        (BLUE, traffic(mirror={"red": 10}, green=100), False),
        (asset_ref(Kind.MODEL, "blue", "1"), traffic(blue=100), False),
        (traffic_ref("digits"), traffic(blue=100), False),
    ],
)
def test_live_and_mirrored_requests_are_traffic(ref: Ref, split: Resource | None, reached: bool) -> None:
    assert has_traffic(ref, split) is reached


@pytest.mark.parametrize(
    ("there", "others", "created"),
    [
        (seen(endpoint()), [], True),
        (seen(endpoint(), "Failed"), [], False),
        (seen(endpoint(), "Failed", scoring_uri="https://digits/score"), [], True),
        (seen(endpoint(), "Failed"), [deployment()], True),
        (seen(endpoint(), "Failed"), [deployment("blue", "prices")], False),
    ],
)
def test_an_endpoint_with_an_address_or_a_deployment_was_created(
    there: Resource, others: list[Resource], created: bool
) -> None:
    assert was_created(there, live(there, *others)) is created
