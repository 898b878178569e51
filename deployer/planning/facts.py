"""Facts about live resources that several checks rest on: each is decided here, and nowhere else."""

from __future__ import annotations

from typing import assert_never

from deployer.core.plan_options import Allow
from deployer.core.resources import Kind, Ref, Resource, State, is_failed, share_map


def has_traffic(ref: Ref, traffic: Resource | None) -> bool:
    """Whether requests reach an endpoint or a deployment by this traffic of its endpoint: live or mirrored ones."""
    receivers = {**share_map(traffic, "traffic"), **share_map(traffic, "mirror_traffic")}
    match ref.kind:
        case Kind.ENDPOINT:
            return bool(receivers)
        case Kind.DEPLOYMENT:
            return ref.name in receivers
        case Kind.TRAFFIC | Kind.MODEL | Kind.ENVIRONMENT | Kind.AUTOSCALE:
            return False
    assert_never(ref.kind)


def serves(ref: Ref, traffic: Resource | None) -> bool:
    """Whether a deployment answers live requests by this traffic of its endpoint; never for other kinds."""
    match ref.kind:
        case Kind.DEPLOYMENT:
            return share_map(traffic, "traffic").get(ref.name, 0) > 0
        case Kind.ENDPOINT | Kind.TRAFFIC | Kind.MODEL | Kind.ENVIRONMENT | Kind.AUTOSCALE:
            return False
    assert_never(ref.kind)


def was_created(endpoint: Resource, live: State) -> bool:
    """Whether the creation of an endpoint ever succeeded, be it failed now: it has an address, or deployments.

    Azure gives an endpoint its scoring URI when its creation succeeds, and takes deployments only then.
    """
    return not is_failed(endpoint) or bool(endpoint.seen.scoring_uri or live.deployments(endpoint.ref.endpoint))


def whose(resource: Resource) -> str:
    """The end of a sentence about a live resource: which project it belongs to."""
    owner = resource.seen.owner
    return f"belongs to the project {owner}" if owner else "was not created by this tool"


def is_foreign(resource: Resource, project: str, allow: frozenset[Allow]) -> bool:
    """Whether a live resource is not this project's, nor to be taken over: only untagged ones can be."""
    owner = resource.seen.owner
    return bool(owner) and owner != project if Allow.ADOPT in allow else owner != project
