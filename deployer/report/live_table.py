"""The live state as a table: endpoints, their deployments and traffic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import assert_never

from deployer.core.metrics import Served
from deployer.core.resources import Ref, Resource, State, endpoint_ref, is_failed, share_map, traffic_ref
from deployer.planning.autoscale import scale_bounds
from deployer.planning.rollout import rollout_under_way
from deployer.planning.verdicts import Standing
from deployer.planning.vm_sizes import usual_name
from deployer.report.format import age, styled, with_short_names


def status_text(
    live: State,
    names: frozenset[str],
    standings: Mapping[Ref, Standing] = {},
    *,
    project: str = "",
    now: datetime | None = None,
    color: bool = False,
    served: Mapping[Ref, Served] = {},
) -> str:
    """One block per endpoint; endpoints in `names` that do not exist are shown as not deployed.

    Those of other projects than `project` say whose they are. `now` shows how long deployments exist,
    `served` what callers got from them.
    """
    show = partial(_endpoint, live, standings=standings, project=project, now=now, color=color)
    blocks = ["\n".join([*show(name), *_traffic(live, name, served)]) for name in sorted(names | set(live.endpoints()))]
    text = "\n\n".join(blocks) + "\n" if blocks else "The specs declare no endpoint.\n"
    return text + (f"The autoscale settings were not looked at: {live.unread}\n" if live.unread else "")


def _endpoint(
    live: State, name: str, *, standings: Mapping[Ref, Standing], project: str, now: datetime | None, color: bool
) -> Iterator[str]:
    endpoint = live.get(endpoint_ref(name))
    if endpoint is None:
        yield f"{styled(name, 'bold', color=color)}  not deployed"
        return
    head = f"{styled(name, 'bold', color=color)}  {_state(endpoint, color)}  {endpoint.fields.get('auth_mode')}"
    yield head + _owner(endpoint, project) + _rollout(live, name)
    if uri := endpoint.seen.scoring_uri:
        yield f"  {uri}"
    shares, mirrored = (share_map(live.get(traffic_ref(name)), key) for key in ("traffic", "mirror_traffic"))
    for deployment in live.deployments(name):
        share = shares.get(deployment.ref.name, 0)
        copies = mirrored.get(deployment.ref.name, 0)
        standing, bounds = standings.get(deployment.ref, Standing.UNDECLARED), scale_bounds(deployment.ref, live)
        row = _deployment(deployment, share, copies, standing, bounds, color)
        yield row + styled(_since(deployment, now), "dim", color=color)


def _traffic(live: State, name: str, served: Mapping[Ref, Served]) -> Iterator[str]:
    """What callers got from each deployment of an endpoint."""
    found = [item.ref for item in live.deployments(name) if item.ref in served]
    if found:
        yield f"  in the last {served[found[0]].span.minutes} min:"
    yield from (f"    {ref.name:<14} {_got(served[ref])}" for ref in found)


def _got(served: Served) -> str:
    if not served.requests:
        return "no requests"
    latencies = "".join(f", p{rank} {value:.0f} ms" for rank, value in sorted(served.latencies.items()))
    errors = f"{served.errors:,} errors ({100 * served.errors / served.requests:.1f} %)"
    return f"{served.requests:,} requests, {errors}{latencies}"


def _owner(endpoint: Resource, project: str) -> str:
    """Whose an endpoint is that is not of this project."""
    owner = endpoint.seen.owner
    if not project or owner == project:
        return ""
    return f"  of project {owner}" if owner else "  of no project"


def _rollout(live: State, name: str) -> str:
    match rollout_under_way(live.get(traffic_ref(name))):
        case "":
            return ""
        case "failed":
            return "  the last rollout failed and was put back"
        case share:
            return f"  a rollout is at {share}"


def _since(deployment: Resource, now: datetime | None) -> str:
    """ "  3 h old, by pat@example.com", as far as it is known."""
    if now is None or not deployment.seen.created:
        return ""
    by = f", by {deployment.seen.created_by}" if deployment.seen.created_by else ""
    return f"  {age((now - datetime.fromisoformat(deployment.seen.created)).total_seconds())} old{by}"


def _deployment(
    deployment: Resource, share: int, copies: int, standing: Standing, bounds: tuple[int, int] | None, color: bool
) -> str:
    scaled = f" ({bounds[0]} to {bounds[1]})" if bounds else ""
    machines = usual_name(str(deployment.fields.get("instance_type")))
    size = f"{deployment.fields.get('instance_count')}{scaled} x {machines}"
    mirror = f" + {copies} % mirrored" if copies else ""
    bar = "█" * round(share / 10) + "·" * (10 - round(share / 10))
    state = _state(deployment, color)
    model = with_short_names(str(deployment.fields.get("model") or ""))
    test = styled(_test(standing), _colour(standing), color=color)
    return f"  {deployment.ref.name:<16} {bar} {share:>3} %{mirror}  {state}  {test}  {size}  {model}"


def _test(standing: Standing) -> str:
    """The result of the smoke test, in the words of the table."""
    match standing:
        case Standing.PASSED | Standing.FAILED:
            return f"test {standing.value}"
        case Standing.OWED | Standing.UNDECLARED:
            return standing.value
    assert_never(standing)


def _colour(standing: Standing) -> str:
    match standing:
        case Standing.PASSED:
            return "green"
        case Standing.FAILED:
            return "red"
        case Standing.OWED:
            return "yellow"
        case Standing.UNDECLARED:
            return "dim"
    assert_never(standing)


def _state(resource: Resource, color: bool) -> str:
    return styled(resource.seen.provisioning_state, "red" if is_failed(resource) else "green", color=color)
