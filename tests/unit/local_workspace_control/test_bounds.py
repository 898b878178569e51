"""Bounds of a deployment's body that Azure documents."""

from __future__ import annotations

from typing import Any

import pytest

from deployer.local_workspace.control.envelopes import ArmRefused
from deployer.local_workspace.control.shapes import check, deployment_shape

SHAPE = deployment_shape("2025-01-01-preview")


def body(**members: Any) -> dict[str, Any]:
    return {"properties": members}


@pytest.mark.parametrize("timeout", ["PT0S", "PT5S", "PT180S", "PT3M", "PT2M59.9S"])
def test_a_request_may_take_three_minutes(timeout: str) -> None:
    check(body(requestSettings={"requestTimeout": timeout}), SHAPE)


@pytest.mark.parametrize(
    ("timeout", "words"), [("PT181S", "is longer than 180 seconds"), ("PT5M", "is longer"), ("5 s", "is not an ISO")]
)
def test_a_request_may_take_no_longer(timeout: str, words: str) -> None:
    with pytest.raises(ArmRefused) as refused:
        check(body(requestSettings={"requestTimeout": timeout}), SHAPE)
    assert words in refused.value.values["problem"]


def test_a_liveness_probe_succeeds_once() -> None:
    probe = {"successThreshold": 1, "period": "PT10S"}
    check(body(livenessProbe=probe, readinessProbe={**probe, "successThreshold": 3}), SHAPE)
    with pytest.raises(ArmRefused) as refused:
        check(body(livenessProbe={**probe, "successThreshold": 2}), SHAPE)
    assert "is not between 1 and 1" in refused.value.values["problem"]
