"""The machines of the endpoints that a plan touches: before, at the peak while it is carried out, and after. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from deployer.core.compute import is_kubernetes
from deployer.core.plan import Plan
from deployer.core.resources import Kind, State
from deployer.planning.reconcile import simulate
from deployer.planning.vm_sizes import cores_needed, usual_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """Instances of one VM size, and the cores of quota that they take; None for a size that is not known."""

    size: str
    instances: int
    cores: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The machines of one VM size: before a plan, at the most while it is carried out, and after it."""

    before: Machines
    peak: Machines
    after: Machines


def capacity(plan: Plan, live: State) -> tuple[Capacity, ...]:
    """The machines by VM size, of sizes whose number changes on the way."""
    touched = {step.ref.endpoint for step in plan.steps if step.action.writes} - {""}
    steps = (step for step in plan.steps if step.ref.kind in (Kind.ENDPOINT, Kind.DEPLOYMENT))
    states = [_machines(state, touched) for state in accumulate(steps, simulate, initial=live)]
    sizes = sorted({size for state in states for size in state})
    return tuple(found for size in sizes if (found := _of(size, states)))


def _of(size: str, states: list[Mapping[str, Machines]]) -> Capacity | None:
    none = Machines(size=size, instances=0, cores=0)
    seen = [state.get(size, none) for state in states]
    peak = max(seen, key=lambda each: (each.cores or 0, each.instances))
    if all(each == seen[0] for each in seen):
        return None
    return Capacity(before=seen[0], peak=peak, after=seen[-1])


def _machines(state: State, endpoints: set[str]) -> Mapping[str, Machines]:
    """The machines of managed deployments by size. The quota of each includes the reserve for its own upgrades."""
    instances: Counter[str] = Counter()
    cores: dict[str, int | None] = {}
    for size, number in _managed(state, endpoints):
        needed, known = cores_needed(size, number), cores.get(size, 0)
        instances[size] += number
        cores[size] = None if needed is None or known is None else known + needed
    return {size: Machines(size=size, instances=number, cores=cores[size]) for size, number in instances.items()}


def _managed(state: State, endpoints: set[str]) -> Iterator[tuple[str, int]]:
    for item in state.of_kind(Kind.DEPLOYMENT):
        size, number = item.fields.get("instance_type"), item.fields.get("instance_count")
        if item.ref.endpoint in endpoints and not is_kubernetes(item.fields) and isinstance(number, int):
            yield usual_name(str(size)), number
