"""Autoscale settings: which go with what else changes, and how many instances revisions begin with. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from deployer.core.bookkeeping import Revision
from deployer.core.plan import Step
from deployer.core.resources import Kind, Ref, Resource, State, autoscale_ref, deployment_ref, endpoint_ref, value_at
from deployer.planning.quota import quota_words
from deployer.planning.revisions import Revisions, revisions_of

COUNT = "instance_count"


def scaled_by(setting: Ref) -> Ref:
    """The deployment that a setting scales."""
    return deployment_ref(setting.endpoint, setting.name)


def scale_bounds(deployment: Ref, live: State) -> tuple[int, int] | None:
    """From and to how many instances a live deployment is scaled, at any time of its schedules; None if it is not."""
    setting = live.get(autoscale_ref(deployment.endpoint, deployment.name))
    if setting is None or setting.fields.get("enabled") is not True:
        return None
    schedules = setting.fields.get("schedules")
    parts = [setting.fields, *(schedules.values() if isinstance(schedules, Mapping) else ())]
    lows, highs = (
        [value for part in parts if isinstance(value := value_at(part, (key,)), int)] for key in ("min", "max")
    )
    return (min(lows), max(highs)) if lows and highs else None


def without_unread(desired: State, live: State) -> State:
    """The desired state without autoscale settings where the live ones could not be read: nothing is known of them."""
    if not live.unread:
        return desired
    return replace(
        desired, resources={ref: item for ref, item in desired.resources.items() if ref.kind is not Kind.AUTOSCALE}
    )


def settings_to_delete(
    desired: State, live: State, deletes: frozenset[Ref], revisions: Revisions, project: str
) -> frozenset[Ref]:
    """Our settings that go: of deployments that go, that no longer declare one, and that are earlier revisions."""
    found = [
        item
        for item in live.of_kind(Kind.AUTOSCALE)
        if item.ref not in desired.resources and item.seen.owner == project
    ]
    return frozenset(item.ref for item in found if _ends(item.ref, desired, deletes, revisions))


def _ends(setting: Ref, desired: State, deletes: frozenset[Ref], revisions: Revisions) -> bool:
    deployment = scaled_by(setting)
    goes = setting in deletes or deployment in deletes or endpoint_ref(setting.endpoint) in deletes
    return goes or deployment in desired.resources or deployment in revisions.kept


def with_live_counts(desired: State, revisions: Revisions, live: State) -> State:
    """The desired state; a new revision that is autoscaled begins with as many instances as the one that serves."""
    begun = {
        ref: _begun(desired.resources[ref], setting, _serving_count(ref, noted, live))
        for ref, noted in revisions.revision.items()
        if not live.get(ref) and (setting := desired.get(autoscale_ref(ref.endpoint, ref.name)))
    }
    return replace(desired, resources={**desired.resources, **begun})


def _serving_count(ref: Ref, noted: Revision, live: State) -> int:
    """The most instances of an earlier revision with live traffic; 0 if there is none."""
    there = revisions_of(deployment_ref(ref.endpoint, noted.logical), live)
    counts = [item.fields.get(COUNT) for item in there if live.split(ref.endpoint).get(item.ref.name)]
    return max((count for count in counts if isinstance(count, int)), default=0)


def _begun(wish: Resource, setting: Resource, serving: int) -> Resource:
    """A deployment with at least its own number of instances, and at most that of its setting."""
    own, most = wish.fields.get(COUNT), setting.fields.get("max")
    if not isinstance(own, int) or not isinstance(most, int):
        return wish
    return replace(wish, fields={**wish.fields, COUNT: max(own, min(serving, most))})


def with_peak_noted(steps: Iterable[Step], desired: State) -> tuple[Step, ...]:
    """The steps; those that write a setting say which quota its maximum needs."""
    return tuple(_noting(step, desired) for step in steps)


def _noting(step: Step, desired: State) -> Step:
    deployment = desired.get(scaled_by(step.ref)) if step.ref.kind is Kind.AUTOSCALE else None
    if deployment is None or step.after is None:
        return step
    words = quota_words(str(deployment.fields.get("instance_type")), step.after.fields.get("max"))
    return replace(step, reason=f"its maximum {words}") if words else step
