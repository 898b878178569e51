"""Random pairs of states, with all kinds of resources, for the laws of planning."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from deployer.core.intent import Intent, Rollout, SmokeTest
from deployer.core.resources import (
    KeyPath,
    Kind,
    Observed,
    Ref,
    Resource,
    State,
    Value,
    asset_ref,
    autoscale_ref,
    deployment_ref,
    endpoint_ref,
    state_of,
    traffic_ref,
)

PROJECT = "shop"
ENDPOINTS = ("digits", "prices")
NAMES = ("blue", "green", "red")


def splits(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, int]]:
    """Shares that add up to 0 or 100 over some of the names."""
    if not names:
        return st.just({})
    cut = st.lists(st.integers(0, 100), min_size=len(names) - 1, max_size=len(names) - 1).map(sorted)
    shares = cut.map(lambda cuts: [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)])
    whole = shares.map(lambda parts: {name: part for name, part in zip(names, parts, strict=True) if part})
    return st.one_of(st.just({}), whole)


def variants(choices: Mapping[str, Sequence[Value]], count: int) -> list[Mapping[str, Value]]:
    """So many maps with one of the choices for each key; drawn beforehand, because drawing each key is slow."""
    dice = random.Random(7)
    return [{key: dice.choice(values) for key, values in choices.items()} for _ in range(count)]


TAGS: list[Value] = [{}, {"owner": "a"}, {"owner": "b", "team": "a"}]
ENDPOINT_FIELDS = variants(
    {
        "auth_mode": ["key", "aml_token"],
        "description": [None, "a service"],
        "tags": TAGS,
        "public_network_access": ["enabled", "disabled"],
        "properties": [{}, {"p": "1"}, {"p": "1", "q": "1"}],
    },
    24,
)
DEPLOYMENT_FIELDS = variants(
    {
        "model": [None, "azureml:digits:1", "azureml:digits:2"],
        "instance_type": ["standard_ds3_v2", "standard_f4s_v2"],
        "instance_count": [1, 2, 3],
        "tags": TAGS,
        "environment_variables": [{}, {"A": "1"}, {"A": "2", "B": "1"}],
        "request_settings": [{"request_timeout_ms": 5000}, {"request_timeout_ms": 90000}],
        "code_configuration": [None, {"code": "sha256:aa", "scoring_script": "score.py"}],
        "properties": [{}],
    },
    48,
)


def endpoints(name: str, status: Observed | None) -> st.SearchStrategy[Resource]:
    ref = endpoint_ref(name)
    return st.sampled_from(ENDPOINT_FIELDS).map(lambda fields: Resource(ref=ref, fields=fields, observed=status))


def deployments(endpoint: str, name: str, status: Observed | None) -> st.SearchStrategy[Resource]:
    ref = deployment_ref(endpoint, name)
    return st.sampled_from(DEPLOYMENT_FIELDS).map(lambda fields: Resource(ref=ref, fields=fields, observed=status))


SCALING_FIELDS = variants(
    {
        "enabled": [True, False],
        "min": [1, 2],
        "max": [3, 5],
        "default": [2],
        "rules": [{}, {"cpu > 70 avg 5m": "+1", "cpu < 35 avg 5m": "-1"}],
        "schedules": [{}],
    },
    12,
)


def settings_of(deployment: Resource, status: Observed | None) -> st.SearchStrategy[list[Resource]]:
    """No autoscale setting for a deployment, or one."""
    ref = autoscale_ref(deployment.ref.endpoint, deployment.ref.name)
    made = st.sampled_from(SCALING_FIELDS).map(lambda fields: [Resource(ref=ref, fields=fields, observed=status)])
    return st.one_of(st.just([]), st.just([]), made)


def kept_counts(found: Sequence[Resource]) -> Mapping[Ref, tuple[KeyPath, ...]]:
    """The ignored fields of the deployments that are scaled."""
    scaled = [item.ref for item in found if item.ref.kind is Kind.AUTOSCALE]
    return {deployment_ref(ref.endpoint, ref.name): (("instance_count",),) for ref in scaled}


def models(status: Observed | None) -> st.SearchStrategy[list[Resource]]:
    def model(version: str) -> Resource:
        fields: Mapping[str, Value] = {"type": "custom_model", "path": f"sha256:{version * 4}"}
        return Resource(ref=asset_ref(Kind.MODEL, "digits", version), fields=fields, observed=status)

    return st.lists(st.sampled_from(["1", "2"]), unique=True).map(lambda versions: [model(v) for v in versions])


@st.composite
def live_states(draw: st.DrawFn, *, healthy: bool = False, busy: bool = False) -> State:
    """What may be live: only valid traffic, failed resources now and then; a busy one serves on every endpoint."""
    states = st.just("Succeeded") if healthy else st.sampled_from(["Succeeded"] * 4 + ["Failed"])
    found: list[Resource] = draw(models(Observed()))
    for endpoint in draw(st.lists(st.sampled_from(ENDPOINTS), unique=True, min_size=int(busy))):
        found.append(draw(endpoints(endpoint, Observed(owner=PROJECT))))
        names = tuple(draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=2 * busy)))
        for name in names:
            status = Observed(owner=PROJECT, provisioning_state=draw(states))
            found.append(draw(deployments(endpoint, name, status)))
            owner = draw(st.sampled_from([PROJECT, PROJECT, ""]))
            found += draw(settings_of(found[-1], Observed(owner=owner)))
        split = draw(splits(names).filter(lambda shares: bool(shares) or not busy))
        idle = [name for name in names if name not in split]
        mirrored = bool(idle) and draw(st.integers(0, 1)) == 1
        mirror = {draw(st.sampled_from(idle)): draw(st.integers(1, 50))} if mirrored else {}
        fields: dict[str, Value] = {"traffic": split, "mirror_traffic": mirror}
        found.append(Resource(ref=traffic_ref(endpoint), fields=fields, observed=Observed()))
    return state_of(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A desired state with its intent."""

    state: State
    intent: Intent


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    """What specs may ask for: traffic to declared deployments only, or undeclared."""
    found: list[Resource] = draw(models(None))
    rollouts: dict[str, Rollout] = {}
    for endpoint in draw(st.lists(st.sampled_from(ENDPOINTS), unique=True)):
        found.append(draw(endpoints(endpoint, None)))
        names = tuple(draw(st.lists(st.sampled_from(NAMES), unique=True)))
        declared = [draw(deployments(endpoint, name, None)) for name in names]
        found += [*declared, *(setting for item in declared for setting in draw(settings_of(item, None)))]
        if draw(st.booleans()):
            found.append(Resource(ref=traffic_ref(endpoint), fields={"traffic": draw(splits(names))}))
        if draw(st.booleans()):
            steps = tuple(draw(st.lists(st.integers(1, 100), min_size=1, max_size=4)))
            rollouts[endpoint] = Rollout(steps=steps, bake_seconds=60)
    tested: list[Ref] = [item.ref for item in found if item.ref.kind is Kind.DEPLOYMENT and draw(st.booleans())]
    tests = {ref: SmokeTest(request="request.json") for ref in tested}
    intent = Intent(rollouts=rollouts, smoke_tests=tests, ignored=kept_counts(found))
    return Wish(state=state_of(found), intent=intent)


@st.composite
def next_wishes(draw: st.DrawFn, live: State) -> Wish:
    """What specs ask for after an ordinary edit: mostly what is live, some of it changed, traffic moved."""
    found: list[Resource] = [
        Resource(ref=item.ref, fields=item.fields) for item in (*live.of_kind(Kind.MODEL), *live.of_kind(Kind.ENDPOINT))
    ]
    found += [item for item in draw(models(None)) if item.ref not in live.resources]
    rollouts: dict[str, Rollout] = {}
    for endpoint in live.endpoints():
        names = tuple(draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1)))
        for name in names:
            there = live.get(deployment_ref(endpoint, name))
            same = there is not None and draw(st.booleans())
            keep = Resource(ref=there.ref, fields=there.fields) if there and same else None
            found.append(keep or draw(deployments(endpoint, name, None)))
            found += draw(settings_of(found[-1], None))
        if draw(st.integers(0, 3)):
            found.append(Resource(ref=traffic_ref(endpoint), fields={"traffic": draw(splits(names))}))
        steps = tuple(draw(st.lists(st.integers(1, 100), min_size=1, max_size=4)))
        rollouts[endpoint] = Rollout(steps=steps, bake_seconds=60)
    tests = {item.ref: SmokeTest(request="r.json") for item in found if item.ref.kind is Kind.DEPLOYMENT}
    intent = Intent(rollouts=rollouts, smoke_tests=tests, ignored=kept_counts(found))
    return Wish(state=state_of(found), intent=intent)


def pairs(*, healthy: bool = False) -> st.SearchStrategy[tuple[Wish, State]]:
    """A wish and a live state: unrelated ones, and edits of a service that runs."""
    unrelated = st.tuples(wishes(), live_states(healthy=healthy))
    edits = live_states(healthy=healthy, busy=True).flatmap(lambda live: st.tuples(next_wishes(live), st.just(live)))
    return st.one_of(unrelated, edits, edits)
