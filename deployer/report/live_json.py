"""The live state as JSON: endpoints with their deployments."""

from __future__ import annotations

import json
from collections.abc import Mapping

from deployer.core.metrics import Served
from deployer.core.resources import Ref, Resource, State, endpoint_ref, share_map, traffic_ref
from deployer.planning.autoscale import scale_bounds
from deployer.planning.revisions import logical_name
from deployer.planning.rollout import rollout_under_way
from deployer.planning.verdicts import Standing

VERSION = "1.2"


def status_json(
    live: State,
    names: frozenset[str],
    standings: Mapping[Ref, Standing],
    *,
    indent: int | None = 2,
    served: Mapping[Ref, Served] = {},
) -> str:
    """The live state as JSON (schemas/output/status.schema.json), in one line without an `indent`."""
    metrics = {ref: _metrics(found) for ref, found in served.items()}
    endpoints = [_endpoint(live, name, standings, metrics) for name in sorted(names | set(live.endpoints()))]
    document = {"format_version": VERSION, "kind": "status", "endpoints": endpoints, "autoscale_unread": live.unread}
    return json.dumps(document, indent=indent, ensure_ascii=False) + "\n"


def _endpoint(
    live: State, name: str, standings: Mapping[Ref, Standing], metrics: Mapping[Ref, Mapping[str, object]]
) -> Mapping[str, object]:
    there = live.get(endpoint_ref(name))
    if there is None:
        return {"name": name, "deployed": False}
    shares, mirrored = (share_map(live.get(traffic_ref(name)), key) for key in ("traffic", "mirror_traffic"))
    return {
        "name": name,
        "deployed": True,
        "state": there.seen.provisioning_state,
        "auth_mode": str(there.fields.get("auth_mode")),
        "scoring_uri": there.seen.scoring_uri,
        "project": there.seen.owner,
        "rollout": rollout_under_way(live.get(traffic_ref(name))),
        "deployments": [
            {
                **_deployment(
                    item, shares.get(item.ref.name, 0), mirrored.get(item.ref.name, 0), standings.get(item.ref)
                ),
                **_autoscale(scale_bounds(item.ref, live)),
                **metrics.get(item.ref, {}),
            }
            for item in live.deployments(name)
        ],
    }


def _autoscale(bounds: tuple[int, int] | None) -> Mapping[str, object]:
    return {"autoscale": {"min": bounds[0], "max": bounds[1]}} if bounds else {}


def _metrics(served: Served) -> Mapping[str, object]:
    latencies = {f"p{rank}": round(value, 3) for rank, value in sorted(served.latencies.items())}
    found = {
        "minutes": served.span.minutes,
        "requests": served.requests,
        "errors": served.errors,
        "latency_ms": latencies,
    }
    return {"metrics": found}


def _deployment(item: Resource, share: int, mirrored: int, standing: Standing | None) -> Mapping[str, object]:
    return {
        "name": item.ref.name,
        "logical_name": logical_name(item),
        "state": item.seen.provisioning_state,
        "traffic": share,
        "mirrored": mirrored,
        "test": (standing or Standing.UNDECLARED).value,
        "instance_count": item.fields.get("instance_count"),
        "instance_type": item.fields.get("instance_type"),
        "model": item.fields.get("model"),
        "environment": item.fields.get("environment"),
        "created": item.seen.created,
        "created_by": item.seen.created_by,
    }
