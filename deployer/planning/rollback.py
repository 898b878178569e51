"""The state that rollback restores: the traffic before its last change, from the bookkeeping. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from deployer.core.bookkeeping import Bookkeeping
from deployer.core.errors import DeployerError, Refused
from deployer.core.resources import Resource, State, Value, deployment_ref, share_map, state_of, traffic_ref
from deployer.planning.revisions import logical_name, revisions_of


def earlier_traffic(endpoints: Iterable[str], live: State) -> State:
    """The traffic of each endpoint as it was before its last change; endpoints without a record are left out.

    Raises DeployerError if no endpoint has a record, Refused if a deployment of an earlier split has been deleted.
    """
    found = [_earlier(live, endpoint) for endpoint in endpoints]
    known = [traffic for traffic in found if traffic]
    if not known:
        raise DeployerError(
            "no earlier traffic split is recorded", hint="The deployer records it from the second change of traffic on."
        )
    return state_of(known)


def traffic_to(revision: str, endpoints: Iterable[str], live: State) -> State:
    """The traffic with all that the revisions of a deployment have moved to one of them.

    Raises Refused if no endpoint, or more than one, has a deployment of that name, DeployerError if it has it already.
    """
    refs = [deployment_ref(endpoint, revision) for endpoint in endpoints]
    found = [item for ref in refs if (item := live.get(ref))]
    if len(found) != 1:
        raise Refused(
            f"{len(found) or 'no'} endpoints have a deployment {revision}",
            hint="Run `deployer history` to see the revisions, and name the endpoint with --endpoint.",
        )
    (target,) = found
    endpoint, logical = target.ref.endpoint, logical_name(target)
    shares = dict(live.split(endpoint))
    earlier = revisions_of(deployment_ref(endpoint, logical), live)
    moved = sum(shares.pop(item.ref.name, 0) for item in earlier)
    if not moved:
        raise DeployerError(f"no revision of {logical} has traffic that could go to {revision}")
    split: dict[str, Value] = {**shares, target.ref.name: moved}
    return state_of([Resource(ref=traffic_ref(endpoint), fields={"traffic": split})])


def _earlier(live: State, endpoint: str) -> Resource | None:
    """The earlier traffic of one endpoint, with the mirrors of then and now that Azure allows.

    A mirror to a deployment with live traffic, or to one that is gone, is left out, and where a mirror was recorded it
    takes the place of the present one: Azure allows a single one.
    """
    traffic = live.get(traffic_ref(endpoint))
    noted = traffic.seen.bookkeeping if traffic else Bookkeeping()
    split = noted.previous_split
    if not traffic or not split:
        return None
    there = {item.ref.name for item in live.deployments(endpoint)}
    if gone := sorted(split.keys() - there):
        raise Refused(
            f"the earlier traffic split of endpoint {endpoint} needs {', '.join(gone)}, which has been deleted"
        )
    mirrored = noted.previous_mirror or share_map(traffic, "mirror_traffic")
    mirror = {name: share for name, share in mirrored.items() if name in there - split.keys()}
    return replace(traffic, fields={"traffic": dict(split), "mirror_traffic": mirror}, observed=None)
