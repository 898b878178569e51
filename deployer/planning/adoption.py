"""Taking over endpoints that were not created by this tool (`--adopt`). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deployer.core.plan import Action, Step
from deployer.core.resources import Kind, State, endpoint_ref
from deployer.planning.reconcile import in_order


def with_adoptions(steps: Sequence[Step], desired: State, live: State, project: str) -> tuple[Step, ...]:
    """The steps, and one for each declared endpoint and autoscale setting without a tag that none of them would tag.

    Every write of an endpoint or of its traffic tags the endpoint; one of a deployment does not.
    """
    written = {step.ref for step in steps}
    tagged = {step.ref.endpoint for step in steps if step.ref.kind in (Kind.ENDPOINT, Kind.TRAFFIC)}
    found = [live.get(endpoint_ref(name)) for name in desired.endpoints() if name not in tagged]
    found += [live.get(item.ref) for item in desired.of_kind(Kind.AUTOSCALE) if item.ref not in written]
    adopted = [
        Step(
            action=Action.UPDATE,
            ref=there.ref,
            before=there,
            after=replace(there, observed=None),
            reason=f"takes it over: its tag will name the project {project}",
        )
        for there in found
        if there is not None and not there.seen.owner
    ]
    return in_order([*steps, *adopted])
