"""States of one endpoint, plans for it, and their apply over a workspace in memory."""

from __future__ import annotations

from dataclasses import replace

from deployer.applying.apply import apply
from deployer.core.intent import Checks, Intent, Rollout, SmokeTest
from deployer.core.outcome import Outcome
from deployer.core.plan import Plan, Step
from deployer.core.resources import Ref, Resource, State, Value, deployment_ref, state_of, traffic_ref
from deployer.planning.reconcile import reconcile
from deployer.planning.rollout import with_tests_and_stages
from tests import build
from tests.build import deployment, endpoint, traffic
from tests.unit.memory import MemoryWorkspace, tools

BLUE, GREEN = deployment_ref("digits", "blue"), deployment_ref("digits", "green")
TRAFFIC = traffic_ref("digits")
CANARY = Rollout(steps=(10, 50, 100), bake_seconds=600, checks=Checks(min_requests=10))
INTENT = Intent(
    smoke_tests={BLUE: SmokeTest(request="request.json", json=7), GREEN: SmokeTest(request="request.json", json=7)},
    rollouts={"digits": CANARY},
)
NO_ROLLOUT = replace(INTENT, rollouts={})


def wish(*names: Ref, model: str = "", **shares: int) -> State:
    """These deployments, all with that version of a model if any, and that traffic."""
    fields: dict[str, Value] = {"model": f"azureml:digits:{model}"} if model else {}
    return build.wish(
        endpoint(), *(build.deployment(ref.name, ref.endpoint, **fields) for ref in names), traffic(**shares)
    )


def live(*items: Resource) -> State:
    """The endpoint, and these."""
    return build.live(endpoint(), *items)


SERVING = live(deployment(), traffic(blue=100))
TO_GREEN = wish(BLUE, GREEN, green=100)


def steps_for(
    desired: State, now: State, intent: Intent = INTENT, deletes: frozenset[Ref] = frozenset()
) -> tuple[Step, ...]:
    return with_tests_and_stages(reconcile(desired, now, deletes=deletes), now, intent)


def carried(workspace: MemoryWorkspace, steps: tuple[Step, ...]) -> Outcome:
    return apply(Plan(env="prod", project="shop", steps=steps), tools(workspace))


def with_live(workspace: MemoryWorkspace, *items: Resource) -> None:
    workspace.state = state_of([*{**workspace.state.resources, **build.live(*items).resources}.values()])


def failures(outcome: Outcome) -> list[str]:
    return [item.error.message for item in outcome.results if item.error]
