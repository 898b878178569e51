"""make_plan and simulate: what to write so that live becomes desired, and what a write leads to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from deployer.core.diff import FieldChange, diff
from deployer.core.intent import Origins
from deployer.core.plan import Action, Step
from deployer.core.resources import (
    NOTHING,
    Bookkeeping,
    KeyPath,
    Kind,
    Observed,
    Ref,
    Resource,
    State,
    Value,
    is_failed,
    traffic_ref,
    value_at,
    with_value,
)

PHASES: tuple[tuple[str, frozenset[Kind], frozenset[Action]], ...] = (
    ("assets", frozenset({Kind.MODEL, Kind.ENVIRONMENT}), frozenset({Action.CREATE, Action.UPDATE})),
    ("endpoint", frozenset({Kind.ENDPOINT}), frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE})),
    ("deployments", frozenset({Kind.DEPLOYMENT}), frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE})),
    ("smoke tests", frozenset({Kind.DEPLOYMENT}), frozenset({Action.TEST})),
    ("traffic", frozenset({Kind.TRAFFIC}), frozenset({Action.UPDATE})),
    ("deletes of deployments", frozenset({Kind.DEPLOYMENT}), frozenset({Action.DELETE})),
    ("deletes of endpoints", frozenset({Kind.ENDPOINT}), frozenset({Action.DELETE})),
)
"""The order of all writes: a deployment needs its assets and its endpoint, traffic needs tested deployments, and
nothing is deleted while it has traffic."""


def phase_of(step: Step) -> int:
    """The place of a step's phase in PHASES."""
    for number, (_, kinds, actions) in enumerate(PHASES):
        if step.ref.kind in kinds and step.action in actions:
            return number
    raise ValueError(f"no phase does {step.action.name} on {step.ref}")


def in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Steps by phase and name; the steps of one endpoint's traffic keep the order they come in."""
    return tuple(sorted(steps, key=lambda step: (phase_of(step), step.ref)))


def make_plan(
    desired: State,
    live: State,
    *,
    ignored: Mapping[Ref, tuple[KeyPath, ...]] = {},
    doomed: frozenset[Ref] = frozenset(),
    origins: Origins = Origins(),  # noqa: B008 -- frozen
) -> tuple[Step, ...]:
    """The writes that turn `live` into `desired`, in order; `doomed` are live resources to delete.

    What the specs leave open (undeclared traffic, ignored paths, foreign properties) keeps its live value.
    """
    known = _without_replaced_endpoints(desired, live)
    wishes = {**_traffic_without(doomed, live), **desired.resources}
    steps = []
    for ref in sorted(wishes):
        wish = _with_live_values(wishes[ref], known.get(ref), ignored.get(ref, ()), doomed)
        steps += _steps_for(wish, live if ref.kind is Kind.ENDPOINT else known, ignored.get(ref, ()), origins)
    steps += [Step(action=Action.DELETE, ref=ref, before=live.get(ref)) for ref in sorted(doomed)]
    return in_order(steps)


def _traffic_without(doomed: frozenset[Ref], live: State) -> Mapping[Ref, Resource]:
    """An open wish for the traffic of endpoints that lose deployments: a mirror must not point at what is gone."""
    refs = {traffic_ref(ref.endpoint) for ref in doomed if ref.kind is Kind.DEPLOYMENT}
    return {ref: Resource(ref=ref, fields=NOTHING) for ref in refs if live.get(ref)}


def _without_replaced_endpoints(desired: State, live: State) -> State:
    """Live as it will be once endpoints whose creation failed are gone: their deployments go with them."""
    gone = {item.ref.endpoint for item in desired.of_kind(Kind.ENDPOINT) if _is_dead(live.get(item.ref), live)}
    return replace(live, resources={ref: item for ref, item in live.resources.items() if ref.endpoint not in gone})


def _with_live_values(
    wish: Resource, live: Resource | None, ignored: tuple[KeyPath, ...], doomed: frozenset[Ref]
) -> Resource:
    """`wish` with the live value wherever the spec leaves the decision to somebody else."""
    fields = wish.fields
    if wish.ref.kind is Kind.TRAFFIC:
        fields = {**_kept_traffic(live, doomed), **fields}
    elif live is not None:
        fields = keep_live(fields, live.fields, ignored)
    return replace(wish, fields=fields)


def keep_live(
    fields: Mapping[str, Value], live: Mapping[str, Value], ignored: tuple[KeyPath, ...]
) -> Mapping[str, Value]:
    """Fields with the live value of every ignored path, and with the properties that somebody else added."""
    for path in ignored:
        value = value_at(live, path)
        fields = fields if value is None else with_value(fields, path, value)
    theirs, ours = live.get("properties"), fields.get("properties")
    if isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        fields = {**fields, "properties": {**theirs, **ours}}
    return fields


def _kept_traffic(live: Resource | None, doomed: frozenset[Ref]) -> Mapping[str, Value]:
    """Both maps of live traffic; a mirror never points at what is about to be deleted."""
    fields = live.fields if live else NOTHING
    going = {ref.name for ref in doomed if live is not None and ref.endpoint == live.ref.endpoint}
    mirror = fields.get("mirror_traffic")
    kept = {name: share for name, share in mirror.items() if name not in going} if isinstance(mirror, Mapping) else {}
    return {"traffic": fields.get("traffic", {}), "mirror_traffic": kept}


def _steps_for(wish: Resource, live: State, ignored: tuple[KeyPath, ...], origins: Origins) -> list[Step]:
    before = live.get(wish.ref) or _initial(wish.ref)
    changes = _visible(diff(before, wish), before)
    action, reason = _action(before, bool(changes), live)
    if action is None:
        return []
    place = origins.of(wish.ref, changes[0].path) if len(changes) == 1 else origins.of(wish.ref)
    return [
        Step(
            action=action,
            ref=wish.ref,
            before=before,
            after=wish,
            changes=changes,
            reason=reason,
            origin=place,
            ignore=ignored,
        )
    ]


def _initial(ref: Ref) -> Resource | None:
    """What is there before anything was written: an endpoint is born with traffic to nobody."""
    if ref.kind is not Kind.TRAFFIC:
        return None
    return Resource(ref=ref, fields={"traffic": {}, "mirror_traffic": {}}, observed=Observed())


def _visible(changes: tuple[FieldChange, ...], before: Resource | None) -> tuple[FieldChange, ...]:
    """Without the fields whose live value cannot be read; a finding speaks of those."""
    unknown = before.seen.unknown if before else ()
    return tuple(change for change in changes if change.path not in unknown)


def _action(before: Resource | None, changed: bool, live: State) -> tuple[Action | None, str]:
    if before is None:
        return Action.CREATE, ""
    if _is_dead(before, live):
        return Action.REPLACE, "its creation failed, and Azure cannot repair what was never created"
    if is_failed(before):
        return Action.UPDATE, "its last update failed"
    return (Action.UPDATE, "") if changed else (None, "")


def _is_dead(resource: Resource | None, live: State) -> bool:
    """Failed and without traffic: to replace it costs nobody anything, and often nothing else works."""
    if resource is None or not is_failed(resource) or resource.ref.kind not in (Kind.ENDPOINT, Kind.DEPLOYMENT):
        return False
    split = live.split(resource.ref.endpoint)
    return not split if resource.ref.kind is Kind.ENDPOINT else resource.ref.name not in split


def _observed_after(step: Step) -> Observed:
    """What the workspace knows of a resource that was just written."""
    before = step.before.seen if step.before and step.action is not Action.REPLACE else Observed()
    return replace(before, provisioning_state="Succeeded", bookkeeping=step.bookkeeping or Bookkeeping())


def simulate(live: State, step: Step) -> State:
    """What the workspace will look like after a step."""
    resources = dict(live.resources)
    endpoint = step.ref.endpoint
    match step.action, step.ref.kind:
        case Action.TEST, _:
            return live
        case ((Action.DELETE | Action.REPLACE), Kind.ENDPOINT):
            resources = {ref: item for ref, item in resources.items() if ref.endpoint != endpoint}
        case Action.DELETE, _:
            resources.pop(step.ref, None)
    if step.after is not None:
        resources[step.ref] = replace(step.after, observed=_observed_after(step))
    if step.ref.kind is Kind.ENDPOINT and step.after is not None and traffic_ref(endpoint) not in resources:
        resources[traffic_ref(endpoint)] = _initial(traffic_ref(endpoint)) or step.after
    return replace(live, resources=resources)
