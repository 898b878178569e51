"""Findings about revisions: names that are taken, several that move at once, and what was rolled back. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.plan import Finding
from deployer.core.resources import Ref, endpoint_ref
from deployer.planning.review import Case
from deployer.planning.revisions import revisions_of


def taken_names(case: Case) -> Iterator[Finding]:
    """Revisions whose name another deployment has."""
    for logical, current in sorted(case.revisions.current.items()):
        there, noted = case.live.get(current), case.revisions.revision.get(current)
        if there is not None and noted is not None and there.seen.bookkeeping.revision != noted:
            yield Finding(
                code="revision-name-taken",
                summary=f"{current} is not the revision of {logical.name} that the specs describe, but has its name",
                detail="Delete it, or change the content of the deployment.",
                ref=current,
                origin=case.origins.of(current),
                blocking=True,
            )


def moving_together(case: Case) -> Iterator[Finding]:
    """Several logical deployments of an endpoint whose traffic would move to new revisions at once."""
    moving: dict[str, list[str]] = {}
    for logical, current in sorted(case.revisions.current.items()):
        if _moves(logical, current, case):
            moving.setdefault(logical.endpoint, []).append(logical.name)
    for endpoint, names in moving.items():
        if len(names) > 1:
            yield Finding(
                code="revisions-together",
                summary=f"{' and '.join(names)} of endpoint {endpoint} have new content at once",
                detail="A rollout moves the traffic of one deployment at a time: apply one change after the other.",
                ref=endpoint_ref(endpoint),
                blocking=True,
            )


def _moves(logical: Ref, current: Ref, case: Case) -> bool:
    """Whether another revision than the current one has traffic, which the current one will get."""
    shares, end = case.live.split(logical.endpoint), case.end.split(logical.endpoint)
    earlier = {item.ref.name for item in revisions_of(logical, case.live)} - {current.name}
    return any(shares.get(name) for name in earlier) and end.get(current.name, 0) > shares.get(current.name, 0)


def held_content(case: Case) -> Iterator[Finding]:
    """Content that was rolled back and is still in the specs."""
    for logical, serving in sorted(case.revisions.held.items()):
        yield Finding(
            code="revision-held",
            summary=f"the content of {logical} was rolled back; {serving.name} keeps its traffic",
            detail="Change its content, or pass --again to roll it out once more.",
            ref=logical,
            origin=case.origins.of(logical),
        )
