"""Findings about rollouts: how long they take, and metrics that Azure does not have. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.plan import Finding, Step
from deployer.core.resources import Kind, endpoint_ref
from deployer.planning.review import Case

SHORTEST_GRAIN = 60.0
"""Seconds between the values of a metric in Azure: https://learn.microsoft.com/azure/azure-monitor/metrics/data-platform-metrics"""

LONG_MINUTES = 45
"""Federated sign-ins of pipelines and hosted agents end after an hour."""


def short_grains(case: Case) -> Iterator[Finding]:
    """Intervals of metrics that only the local workspace has."""
    for endpoint, rollout in sorted(case.intent.rollouts.items()):
        if rollout.watch and rollout.watch.grain < SHORTEST_GRAIN and not case.is_local:
            yield Finding(
                code="watch-grain",
                summary=f"endpoint {endpoint} is watched in intervals of {rollout.watch.grain:g} s; Azure has 1m",
                detail="Write `grain: 1m`, or a variable that only the env file of the local workspace sets to less.",
                ref=endpoint_ref(endpoint),
                origin=case.origins.of(endpoint_ref(endpoint), ("x-rollout",)),
                blocking=True,
            )


def long_rollouts(case: Case) -> Iterator[Finding]:
    """Rollouts that take longer than a job of a pipeline may."""
    moves: dict[str, list[Step]] = {}
    for step in case.steps:
        if step.ref.kind is Kind.TRAFFIC and step.bake:
            moves.setdefault(step.ref.endpoint, []).append(step)
    for endpoint, steps in sorted(moves.items()):
        minutes = sum(step.bake.least_seconds for step in steps if step.bake) / 60
        if minutes > LONG_MINUTES:
            yield Finding(
                code="long-rollout",
                summary=f"the rollout of endpoint {endpoint} takes at least {minutes:.0f} minutes",
                detail="Sign-ins of pipelines often end after an hour. The next apply goes on where one ended.",
                ref=endpoint_ref(endpoint),
                origin=case.origins.of(endpoint_ref(endpoint), ("x-rollout",)),
            )
