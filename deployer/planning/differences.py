"""The differences that a plan is there for: without smoke tests, and traffic without the stages on its way. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deployer.core.diff import diff
from deployer.core.intent import Intent
from deployer.core.plan import Plan, Step
from deployer.core.resources import Kind, Ref, State
from deployer.planning.verdicts import Standing, owing_endpoints, standings


def differences(plan: Plan) -> Plan:
    """The plan with one step for each resource that differs."""
    found: dict[Ref, Step] = {}
    for step in plan.steps:
        if step.action.writes:
            known = found.get(step.ref)
            found[step.ref] = _joined(known, step) if known and step.ref.kind is Kind.TRAFFIC else step
    return replace(plan, steps=tuple(found.values()))


def _joined(first: Step, last: Step) -> Step:
    """The step from before the first stage of a rollout to after its last one."""
    changes = diff(first.before, last.after) if last.after else ()
    return replace(last, before=first.before, changes=changes, stage=(1, 1), bake=None)


def unproven(plan: Plan, live: State, intent: Intent) -> Mapping[Ref, Standing]:
    """The deployments that are as their specs say but have not passed their smoke test, or failed it."""
    written = {step.ref for step in plan.steps if step.action.writes}
    owing = owing_endpoints(live, plan.project, plan.options.allow)
    found = {ref: how for ref, how in standings(live, intent).items() if ref.endpoint in owing and ref not in written}
    return {ref: how for ref, how in found.items() if how in (Standing.OWED, Standing.FAILED)}
