"""reconcile: the writes that turn live into desired. simulate: the state after a write. Both are pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce
from typing import assert_never

from deployer.core.bookkeeping import Bookkeeping, with_verdicts
from deployer.core.diff import FieldChange, diff
from deployer.core.intent import Origins
from deployer.core.plan import Action, Step
from deployer.core.resources import (
    NOTHING,
    KeyPath,
    Kind,
    Observed,
    Ref,
    Resource,
    State,
    Value,
    deployment_ref,
    is_failed,
    traffic_ref,
    value_at,
    with_value,
    without,
)
from deployer.kinds import KINDS
from deployer.kinds.phases import Phase
from deployer.planning.facts import has_traffic, serves, was_created


def phase_of(step: Step) -> Phase:
    """The phase of a step."""
    phase = KINDS[step.ref.kind].phase(step.action)
    if phase is None:
        raise ValueError(f"no phase does {step.action.name} on {step.ref}")
    if step.outlived:
        return Phase.AUTOSCALE_OFF
    return Phase.SERVING_DEPLOYMENTS if step.serving and phase < Phase.SERVING_DEPLOYMENTS else phase


def in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Steps sorted by phase and ref; steps with the same phase and ref keep their order."""
    return tuple(sorted(steps, key=lambda step: (phase_of(step), step.ref)))


def reconcile(
    desired: State,
    live: State,
    *,
    ignored: Mapping[Ref, tuple[KeyPath, ...]] = {},
    deletes: frozenset[Ref] = frozenset(),
    origins: Origins = Origins(),  # noqa: B008 -- frozen
) -> tuple[Step, ...]:
    """The writes that turn `live` into `desired`, in order; `deletes` are live resources to delete.

    Whatever the specs leave open (undeclared traffic, ignored paths, undeclared properties) keeps its live value.
    """
    known = _without_replaced_endpoints(desired, live)
    wishes = {**_traffic_without(deletes, live), **desired.resources}
    steps = []
    for ref in sorted(wishes):
        wish = _with_live_values(wishes[ref], known.get(ref), ignored.get(ref, ()), deletes)
        steps += _steps_for(wish, live if ref.kind is Kind.ENDPOINT else known, ignored.get(ref, ()), origins)
    steps += [_deletion(ref, desired, live) for ref in sorted(deletes)]
    return in_order(steps)


def _deletion(ref: Ref, desired: State, live: State) -> Step:
    """A deletion; that of an endpoint names the deployments that it takes along."""
    match ref.kind:
        case Kind.ENDPOINT:
            takes = tuple(item.ref for item in live.deployments(ref.endpoint))
            serving = has_traffic(ref, live.get(traffic_ref(ref.endpoint)))
            return Step(action=Action.DELETE, ref=ref, before=live.get(ref), takes=takes, serving=serving)
        case Kind.AUTOSCALE:
            stays = deployment_ref(ref.endpoint, ref.name) in desired.resources
            return Step(action=Action.DELETE, ref=ref, before=live.get(ref), outlived=stays)
        case Kind.DEPLOYMENT | Kind.TRAFFIC | Kind.MODEL | Kind.ENVIRONMENT:
            return Step(action=Action.DELETE, ref=ref, before=live.get(ref))
    assert_never(ref.kind)


def _traffic_without(deletes: frozenset[Ref], live: State) -> Mapping[Ref, Resource]:
    """Empty traffic wishes for the endpoints of deleted deployments, so that mirrors to them are removed."""
    refs = {traffic_ref(ref.endpoint) for ref in deletes if ref.kind is Kind.DEPLOYMENT}
    return {ref: Resource(ref=ref, fields=NOTHING) for ref in refs if live.get(ref)}


def _without_replaced_endpoints(desired: State, live: State) -> State:
    """`live` without the endpoints that will be replaced, and without their deployments and traffic."""
    gone = [item.ref for item in desired.of_kind(Kind.ENDPOINT) if _is_dead(live.get(item.ref), live)]
    return replace(live, resources=reduce(lambda left, ref: _without(ref, left), gone, dict(live.resources)))


def _with_live_values(
    wish: Resource, live: Resource | None, ignored: tuple[KeyPath, ...], deletes: frozenset[Ref]
) -> Resource:
    """`wish` with live values for whatever the spec leaves open."""
    match wish.ref.kind:
        case Kind.TRAFFIC:
            return replace(wish, fields={**_kept_traffic(live, deletes), **wish.fields})
        case Kind.ENDPOINT | Kind.DEPLOYMENT | Kind.MODEL | Kind.ENVIRONMENT | Kind.AUTOSCALE:
            return replace(wish, fields=keep_live(wish.fields, live.fields, ignored)) if live else wish
    assert_never(wish.ref.kind)


def keep_live(
    fields: Mapping[str, Value], live: Mapping[str, Value], ignored: tuple[KeyPath, ...]
) -> Mapping[str, Value]:
    """Fields with the live values of the ignored paths, and with the live properties that no spec declares."""
    for path in ignored:
        there = path[-1] in _keys_at(live, path[:-1])
        fields = with_value(fields, path, value_at(live, path)) if there else without(fields, path)
    theirs, ours = live.get("properties"), fields.get("properties")
    if isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        fields = {**fields, "properties": {**theirs, **ours}}
    return fields


def _keys_at(fields: Mapping[str, Value], path: KeyPath) -> Mapping[str, Value]:
    """The map at a path; an empty one if there is none."""
    found = value_at(fields, path)
    return found if isinstance(found, Mapping) else NOTHING


def _kept_traffic(live: Resource | None, deletes: frozenset[Ref]) -> Mapping[str, Value]:
    """Both maps of live traffic, without mirrors to deployments that will be deleted."""
    fields = live.fields if live else NOTHING
    there = {ref for ref in deletes if live is not None and ref.endpoint == live.ref.endpoint}
    going = {ref.name for ref in there if ref.kind is Kind.DEPLOYMENT}
    mirror = fields.get("mirror_traffic")
    kept = {name: share for name, share in mirror.items() if name not in going} if isinstance(mirror, Mapping) else {}
    return {"traffic": fields.get("traffic", {}), "mirror_traffic": kept}


def _steps_for(wish: Resource, live: State, ignored: tuple[KeyPath, ...], origins: Origins) -> list[Step]:
    before = live.get(wish.ref) or _initial(wish.ref)
    places = origins.places.get(wish.ref, {})
    changes = tuple(replace(each, written=each.path in places) for each in _visible(diff(before, wish), before))
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
            serving=serves(wish.ref, live.get(traffic_ref(wish.ref.endpoint))),
        )
    ]


def _initial(ref: Ref) -> Resource | None:
    """The state before the first write: none, except that the traffic of a new endpoint is empty."""
    match ref.kind:
        case Kind.TRAFFIC:
            return _no_traffic(ref)
        case Kind.ENDPOINT | Kind.DEPLOYMENT | Kind.MODEL | Kind.ENVIRONMENT | Kind.AUTOSCALE:
            return None
    assert_never(ref.kind)


def _no_traffic(ref: Ref) -> Resource:
    """The traffic of a new endpoint."""
    return Resource(ref=ref, fields={"traffic": {}, "mirror_traffic": {}})


def _visible(changes: tuple[FieldChange, ...], before: Resource | None) -> tuple[FieldChange, ...]:
    """The changes without fields whose live value cannot be read; a finding reports those."""
    unknown = before.seen.unknown if before else ()
    return tuple(change for change in changes if change.path not in unknown)


def _action(before: Resource | None, changed: bool, live: State) -> tuple[Action | None, str]:
    if before is None:
        return Action.CREATE, ""
    if _is_dead(before, live):
        return Action.REPLACE, _why_replaced(before.ref)
    if is_failed(before):
        return Action.UPDATE, "its last update failed"
    return (Action.UPDATE, "") if changed else (None, "")


def _is_dead(resource: Resource | None, live: State) -> bool:
    """Whether replacing a failed resource loses nothing: an endpoint that was never created, an idle deployment.

    An update of an endpoint that failed is repaired by another one; to replace it would lose its keys and deployments.
    """
    if resource is None or not is_failed(resource):
        return False
    match resource.ref.kind:
        case Kind.ENDPOINT:
            return not was_created(resource, live)
        case Kind.DEPLOYMENT:
            return not has_traffic(resource.ref, live.get(traffic_ref(resource.ref.endpoint)))
        case Kind.TRAFFIC | Kind.MODEL | Kind.ENVIRONMENT | Kind.AUTOSCALE:
            return False
    assert_never(resource.ref.kind)


def _why_replaced(ref: Ref) -> str:
    if ref.kind is Kind.ENDPOINT:
        return "its creation failed, and Azure cannot repair a resource that was never created"
    return "its last operation failed, and it has no traffic"


def _observed_after(step: Step, now: Resource | None) -> Observed:
    """The observed state of a resource right after a successful write, `now` being the one just before it."""
    before = step.before.seen if step.before and step.action is not Action.REPLACE else Observed()
    noted = step.bookkeeping or Bookkeeping()
    if noted.held is None and now is not None:
        noted = replace(noted, held=now.seen.bookkeeping.held)
    if noted.revision is None and step.before is not None:
        noted = replace(noted, revision=step.before.seen.bookkeeping.revision)
    if noted.rollout.endswith(":100"):
        noted = replace(noted, rollout="")  # the last stage is judged good, as tests pass
    if now is not None:
        noted = with_verdicts(now.seen.bookkeeping, noted)
    return replace(before, provisioning_state="Succeeded", bookkeeping=noted)


def simulate(live: State, step: Step) -> State:
    """The live state after a step; a TEST passes, and so do gates."""
    traffic = traffic_ref(step.ref.endpoint)
    if step.action is Action.TEST:
        return _with_passed(live, live.get(traffic), step)
    resources = _without(step.ref, live.resources) if step.action.removes else dict(live.resources)
    if step.after is not None:
        now = resources.get(step.ref)
        kept = now.fields if now and step.ref.kind is Kind.TRAFFIC else NOTHING
        fields = {**kept, **step.after.fields}
        resources[step.ref] = replace(step.after, fields=fields, observed=_observed_after(step, now))
    if step.ref.kind is Kind.ENDPOINT and step.after is not None and traffic not in resources:
        resources[traffic] = _no_traffic(traffic)
    return replace(live, resources=resources)


def _with_passed(live: State, traffic: Resource | None, test: Step) -> State:
    """The live state with the mark of a passed test on its endpoint."""
    if traffic is None or not test.verdict:
        return live
    seen = traffic.seen
    noted = with_verdicts(seen.bookkeeping, replace(seen.bookkeeping, tested={test.ref.name: test.verdict}, failed={}))
    marked = replace(traffic, observed=replace(seen, bookkeeping=noted))
    return replace(live, resources={**live.resources, traffic.ref: marked})


def _without(ref: Ref, resources: Mapping[Ref, Resource]) -> dict[Ref, Resource]:
    """The resources that remain after a deletion; an endpoint takes its deployments and traffic with it.

    Autoscale settings are resources of Azure Monitor, and stay.
    """
    match ref.kind:
        case Kind.ENDPOINT:
            stay = {other for other in resources if other.endpoint != ref.endpoint or other.kind is Kind.AUTOSCALE}
            return {other: item for other, item in resources.items() if other in stay}
        case Kind.DEPLOYMENT | Kind.TRAFFIC | Kind.MODEL | Kind.ENVIRONMENT | Kind.AUTOSCALE:
            return {other: item for other, item in resources.items() if other != ref}
    assert_never(ref.kind)
