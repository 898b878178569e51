"""States of one endpoint, plans for it, and their apply over a workspace in memory."""

from __future__ import annotations

from dataclasses import replace

from deployer.applying.apply import apply
from deployer.core.intent import Checks, Intent, Rollout, SmokeTest
from deployer.core.outcome import Outcome
from deployer.core.plan import Plan, Step
from deployer.core.resources import (
    Observed,
    Ref,
    Resource,
    State,
    Value,
    deployment_ref,
    endpoint_ref,
    state_of,
    traffic_ref,
)
from deployer.planning.reconcile import reconcile
from deployer.planning.rollout import with_tests_and_stages
from tests.unit.memory import MemoryWorkspace, tools

BLUE, GREEN = deployment_ref("digits", "blue"), deployment_ref("digits", "green")
TRAFFIC = traffic_ref("digits")
CANARY = Rollout(steps=(10, 50, 100), bake_seconds=600, checks=Checks(min_requests=10))
INTENT = Intent(
    smoke_tests={BLUE: SmokeTest(request="request.json", json=7), GREEN: SmokeTest(request="request.json", json=7)},
    rollouts={"digits": CANARY},
)
NO_ROLLOUT = replace(INTENT, rollouts={})


def endpoint() -> Resource:
    return Resource(ref=endpoint_ref("digits"), fields={"auth_mode": "key", "properties": {}})


def deployment(ref: Ref, model: str = "1", state: str = "Succeeded") -> Resource:
    fields: dict[str, Value] = {"model": f"azureml:digits:{model}", "properties": {}}
    return Resource(ref=ref, fields=fields, observed=Observed(owner="shop", provisioning_state=state))


def traffic(mirror: dict[str, int] | None = None, **shares: int) -> Resource:
    return Resource(ref=TRAFFIC, fields={"traffic": shares, "mirror_traffic": mirror or {}}, observed=Observed())


def wish(*names: Ref, model: str = "1", **shares: int) -> State:
    whole = Resource(ref=TRAFFIC, fields={"traffic": shares})
    return state_of([endpoint(), *(replace(deployment(ref, model), observed=None) for ref in names), whole])


def live(*items: Resource) -> State:
    return state_of([replace(endpoint(), observed=Observed(owner="shop")), *items])


SERVING = live(deployment(BLUE), traffic(blue=100))
TO_GREEN = wish(BLUE, GREEN, green=100)


def steps_for(
    desired: State, now: State, intent: Intent = INTENT, deletes: frozenset[Ref] = frozenset()
) -> tuple[Step, ...]:
    return with_tests_and_stages(reconcile(desired, now, deletes=deletes), now, intent)


def carried(workspace: MemoryWorkspace, steps: tuple[Step, ...]) -> Outcome:
    return apply(Plan(env="prod", project="shop", steps=steps), tools(workspace))


def with_live(workspace: MemoryWorkspace, *items: Resource) -> None:
    workspace.state = state_of([*{**workspace.state.resources, **{item.ref: item for item in items}}.values()])


def failures(outcome: Outcome) -> list[str]:
    return [item.error.message for item in outcome.results if item.error]
