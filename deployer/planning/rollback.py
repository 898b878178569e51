"""The state that rollback restores: the split before the last traffic change, from the bookkeeping. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from deployer.core.errors import DeployerError, Refused
from deployer.core.resources import Resource, State, share_map, state_of, traffic_ref


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


def _earlier(live: State, endpoint: str) -> Resource | None:
    """The earlier traffic of one endpoint, without mirrors to deployments with live traffic: Azure refuses those."""
    traffic = live.get(traffic_ref(endpoint))
    split = traffic.seen.bookkeeping.previous_split if traffic else {}
    if not traffic or not split:
        return None
    if gone := sorted(split.keys() - {item.ref.name for item in live.deployments(endpoint)}):
        raise Refused(
            f"the earlier traffic split of endpoint {endpoint} needs {', '.join(gone)}, which has been deleted"
        )
    mirror = {name: share for name, share in share_map(traffic, "mirror_traffic").items() if name not in split}
    return replace(traffic, fields={"traffic": dict(split), "mirror_traffic": mirror}, observed=None)
