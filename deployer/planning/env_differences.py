"""What two envs make of the same specs, as a plan that would turn one into the other. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deployer.core.action import Action
from deployer.core.diff import diff
from deployer.core.intent import Origins
from deployer.core.plan import Plan, Step
from deployer.core.resources import Resource, State, is_anonymous

Placed = Mapping[tuple[str, str, int], Resource]
"""Resources by kind, file, and number in that file: their names may contain that of the env."""


def placed(state: State, origins: Origins) -> Placed:
    """The declared resources by their place. Assets without a name are left out: their deployments differ with them."""
    found: dict[tuple[str, str, int], Resource] = {}
    for ref in sorted(state.resources, key=lambda ref: (str(origins.of(ref) or ""), ref)):
        if is_anonymous(ref):
            continue
        place = origins.of(ref)
        kind, file, number = ref.kind.value, place.file if place else "", 0
        while (kind, file, number) in found:
            number += 1
        found[kind, file, number] = state.resources[ref]
    return found


def env_differences(one: Placed, other: Placed, *, env: str, project: str) -> Plan:
    """The steps from the resources of one env to those of the other, one for each that differs."""
    return Plan(env=env, project=project, steps=tuple(_steps(one, other)))


def _steps(one: Placed, other: Placed) -> Iterator[Step]:
    for key in sorted(one.keys() | other.keys(), key=lambda key: (key[1], key[0], key[2])):
        before, after = one.get(key), other.get(key)
        if after is None and before is not None:
            yield Step(action=Action.DELETE, ref=before.ref, before=before)
        elif after is not None and before is None:
            yield Step(action=Action.CREATE, ref=after.ref, after=after, changes=diff(None, after))
        elif after is not None and (changes := diff(before, after)):
            yield Step(action=Action.UPDATE, ref=after.ref, before=before, after=after, changes=changes)
