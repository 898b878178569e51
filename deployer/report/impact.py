"""What clients of an endpoint notice of a step, and how much can go wrong with it: for the table of a review."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from deployer.core.fields import Effect
from deployer.core.plan import Action, Step
from deployer.core.resources import Kind, Ref, share_map

NOTHING = "nothing"


class Risk(StrEnum):
    """How much a step can do to those who use an endpoint."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What clients notice, and the risk."""

    notice: str
    risk: Risk


def impact(step: Step, tested: frozenset[Ref]) -> Impact:
    """The impact of one step; `tested` are the deployments that have passed their smoke test, or are tested before."""
    if step.action is Action.TEST:
        return Impact(notice="nothing: one request to a deployment by its name", risk=Risk.LOW)
    match step.ref.kind:
        case Kind.MODEL | Kind.ENVIRONMENT:
            return Impact(notice=NOTHING, risk=Risk.LOW)
        case Kind.AUTOSCALE:
            return Impact(notice="more or less capacity", risk=Risk.LOW)
        case Kind.ENDPOINT:
            return _endpoint(step)
        case Kind.DEPLOYMENT:
            return _deployment(step, tested)
        case Kind.TRAFFIC:
            return _traffic(step, tested)
    assert_never(step.ref.kind)


def _endpoint(step: Step) -> Impact:
    match step.action:
        case Action.CREATE:
            return Impact(notice="a new address with keys of its own", risk=Risk.LOW)
        case Action.DELETE:
            return Impact(notice="the address and its keys are gone", risk=Risk.HIGH)
        case Action.REPLACE:
            return Impact(notice="requests fail until it is there again, with new keys", risk=Risk.HIGH)
        case Action.UPDATE:
            quiet = all(change.effect is Effect.METADATA for change in step.changes)
            return Impact(notice=NOTHING if quiet else "see its fields", risk=Risk.LOW if quiet else Risk.MEDIUM)
        case Action.TEST:
            return Impact(notice=NOTHING, risk=Risk.LOW)
    assert_never(step.action)


def _deployment(step: Step, tested: frozenset[Ref]) -> Impact:
    match step.action:
        case Action.CREATE:
            return Impact(notice="nothing before it gets traffic", risk=Risk.LOW)
        case Action.DELETE:
            return Impact(notice=NOTHING, risk=Risk.MEDIUM)
        case Action.REPLACE:
            served = "its requests fail until it is there again" if step.serving else NOTHING
            return Impact(notice=served, risk=Risk.HIGH if step.serving else Risk.LOW)
        case Action.UPDATE:
            return _update(step, tested)
        case Action.TEST:
            return Impact(notice=NOTHING, risk=Risk.LOW)
    assert_never(step.action)


def _update(step: Step, tested: frozenset[Ref]) -> Impact:
    effects = {change.effect for change in step.changes}
    if effects <= {Effect.METADATA}:
        return Impact(notice=NOTHING, risk=Risk.LOW)
    if effects <= {Effect.METADATA, Effect.SCALE}:
        notice = "more or less capacity" if step.serving else NOTHING
        return Impact(notice=notice, risk=Risk.MEDIUM if step.serving else Risk.LOW)
    if not step.serving:
        return Impact(notice="nothing before it gets traffic", risk=Risk.LOW)
    if step.ref in tested:
        return Impact(notice="answers of the new content, before it is tested", risk=Risk.MEDIUM)
    return Impact(notice="answers of the new content, which nothing tests", risk=Risk.HIGH)


def _traffic(step: Step, tested: frozenset[Ref]) -> Impact:
    old, new = share_map(step.before, "traffic"), share_map(step.after, "traffic")
    rising = sorted(name for name, share in new.items() if share > old.get(name, 0))
    if not rising:
        return Impact(notice="fewer deployments answer" if old else NOTHING, risk=Risk.MEDIUM)
    if not sum(old.values()):
        return Impact(notice=f"the first answers, of {', '.join(rising)}", risk=Risk.LOW)
    notice = ", ".join(f"{name} answers {new[name]} % instead of {old.get(name, 0)} %" for name in rising)
    return Impact(notice=notice, risk=_risk_of_rise(step, rising, tested))


def _risk_of_rise(step: Step, rising: list[str], tested: frozenset[Ref]) -> Risk:
    """Low where somebody looks after it, high where nobody looked before."""
    if step.bake and (step.bake.watching or step.bake.probes):
        return Risk.LOW
    known = {ref.name for ref in tested if ref.endpoint == step.ref.endpoint}
    return Risk.MEDIUM if known.issuperset(rising) else Risk.HIGH
