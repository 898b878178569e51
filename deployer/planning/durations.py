"""How long Azure takes for the steps of a plan: a range, from what was recorded and what users report. Pure.

Seen in recorded sessions: an endpoint created in 1.5 minutes, a deployment in 9, instances changed in 5 min 20 s.
Reported: up to 20 minutes for a deployment (MicrosoftDocs/azure-docs#115376), 12 to 18 for more instances
(Azure/azureml-examples#3515). The first build of an image can take longer. The rest is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import assert_never

from deployer.core.plan import Action, Step
from deployer.core.resources import Kind

MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """From `least` to `most` seconds for what Azure does, and `waits` seconds of bakes and windows besides."""

    least: float
    most: float
    waits: float


def expected(steps: Iterable[Step]) -> Duration:
    """The time that steps take. Neighbours that do the same to resources of one kind are carried out side by side."""
    done = list(steps)
    groups = [list(group) for _, group in groupby(done, key=lambda step: (step.ref.kind, step.action))]
    ranges = [_together(group) for group in groups]
    return Duration(
        least=sum(least for least, _ in ranges),
        most=sum(most for _, most in ranges),
        waits=sum(step.bake.least_seconds for step in done if step.bake),
    )


def _together(group: list[Step]) -> tuple[float, float]:
    """The range of steps side by side; stages of traffic come one after the other."""
    ranges = [usual(step) for step in group]
    if group[0].ref.kind is Kind.TRAFFIC:
        return sum(least for least, _ in ranges), sum(most for _, most in ranges)
    return max(least for least, _ in ranges), max(most for _, most in ranges)


def usual(step: Step) -> tuple[float, float]:
    """From and to how many seconds one step takes in Azure."""
    if step.action is Action.TEST:
        return 1.0, MINUTE
    match step.ref.kind:
        case Kind.MODEL | Kind.ENVIRONMENT:
            return 5.0, 2 * MINUTE
        case Kind.TRAFFIC:
            return 20.0, MINUTE
        case Kind.AUTOSCALE:  # written when it is answered; with it may come one write of the endpoint's tags
            return 1.0, MINUTE
        case Kind.ENDPOINT | Kind.DEPLOYMENT if step.action is Action.DELETE:
            return 1.5 * MINUTE, 5 * MINUTE
        case Kind.ENDPOINT:
            return (20.0 if step.action is Action.UPDATE else 1.5 * MINUTE), 3 * MINUTE
        case Kind.DEPLOYMENT if step.action is Action.UPDATE:
            return 5 * MINUTE, 18 * MINUTE
        case Kind.DEPLOYMENT:
            return 9 * MINUTE, 20 * MINUTE
    assert_never(step.ref.kind)
