"""Resources for tests, over the defaults of the schemas: every one of them could be.

The fields given are as a canonical spec has them; all others have the value that leaving them out means. What is built
is desired, without anything only a workspace knows; `live` and `seen` make it live.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from deployer.core.fields import with_defaults
from deployer.core.resources import (
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
"""Who owns what is live."""

IMAGE = "mcr.microsoft.com/azureml/minimal-py311-inference"
CODE = f"sha256:{'ab' * 32}"
WEIGHTS = f"sha256:{'cd' * 32}"


def resource(ref: Ref, /, **fields: Value) -> Resource:
    """A desired resource with defaults filled in."""
    return Resource(ref=ref, fields=with_defaults(ref.kind, fields))


def endpoint(name: str = "digits", /, **fields: Value) -> Resource:
    """An endpoint."""
    return resource(endpoint_ref(name), **fields)


def deployment(name: str = "blue", endpoint: str = "digits", /, **fields: Value) -> Resource:
    """A deployment on machines of Azure; it needs no asset of the workspace unless a field names one."""
    return resource(deployment_ref(endpoint, name), **{"instance_type": "standard_ds3_v2", **fields})


def scaling(deployment: str = "blue", endpoint: str = "digits", /, **fields: Value) -> Resource:
    """The autoscale setting of a deployment, from one instance to three."""
    return resource(autoscale_ref(endpoint, deployment), **{"min": 1, "max": 3, "default": 1, **fields})


def traffic(endpoint: str = "digits", /, *, mirror: Any = None, **shares: int) -> Resource:
    """The traffic of an endpoint by deployment; a mirror that is left out is not declared."""
    mirrored: dict[str, Value] = {} if mirror is None else {"mirror_traffic": dict(mirror)}
    return Resource(ref=traffic_ref(endpoint), fields={"traffic": shares, **mirrored})


def model(version: str = "1", name: str = "digits", /, **fields: Value) -> Resource:
    """A version of a model."""
    return resource(asset_ref(Kind.MODEL, name, version), **{"path": WEIGHTS, **fields})


def environment(version: str = "3", name: str = "sklearn", /, **fields: Value) -> Resource:
    """A version of an environment."""
    return resource(asset_ref(Kind.ENVIRONMENT, name, version), **{"image": IMAGE, **fields})


def seen(item: Resource, state: str = "Succeeded", **facts: Any) -> Resource:
    """A resource as a workspace shows it: with traffic and mirror both known, owned by the project of the tests."""
    known = {"traffic": {}, "mirror_traffic": {}, **item.fields} if item.ref.kind is Kind.TRAFFIC else item.fields
    return replace(item, fields=known, observed=Observed(provisioning_state=state, **{"owner": PROJECT, **facts}))


def wish(*items: Resource) -> State:
    """What specs ask for."""
    return state_of([replace(item, observed=None) for item in items])


def live(*items: Resource) -> State:
    """What is in a workspace; what `seen` was not asked about is as it should be."""
    return state_of([item if item.observed else seen(item) for item in items])


def changed(item: Resource, /, **fields: Value) -> Resource:
    """A resource with other values in some fields."""
    return replace(item, fields={**item.fields, **fields})
