"""Which commit the specs of a deployment were of: noted with each write, so that the next review can name the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from deployer.core.bookkeeping import Bookkeeping
from deployer.core.fingerprint import fingerprint
from deployer.core.plan import Step
from deployer.core.resources import KeyPath, Kind, Ref, Resource, State, deployment_ref, value_at
from deployer.planning.earlier import CODE


def writes_deployments(steps: Iterable[Step]) -> bool:
    """Whether any step writes a deployment, and so notes the commit of the specs."""
    return any(step.ref.kind is Kind.DEPLOYMENT and step.after for step in steps)


def with_commit_noted(steps: Iterable[Step], commit: str) -> tuple[Step, ...]:
    """The steps; those that write deployments note the commit of the specs."""
    return tuple(_noting(step, commit) for step in steps)


def _noting(step: Step, commit: str) -> Step:
    if not commit or step.ref.kind is not Kind.DEPLOYMENT or step.after is None:
        return step
    return replace(step, bookkeeping=replace(step.bookkeeping or Bookkeeping(), commit=commit))


def commit_before(write: Step | None, after: Resource, ignored: tuple[KeyPath, ...]) -> str:
    """The commit of content that is put back; "" unless it is just what a write of this run replaced."""
    if write is None or write.before is None or fingerprint(write.before, ignored) != fingerprint(after, ignored):
        return ""
    return write.before.seen.bookkeeping.commit


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeChange:
    """Other code for a deployment: `folder` holds it, below the project; `beside` is the deployment it differs from.

    `commit` is that of the specs from which `beside` was written, "" if none was noted.
    """

    ref: Ref
    folder: str
    beside: Ref
    commit: str


def code_changes(steps: Iterable[Step], live: State) -> Iterator[CodeChange]:
    """The deployments that get other code than they have; new ones, than the deployment with most of the traffic."""
    for step in steps:
        there, folder = served_before(step, live), _folder(step.after)
        if there and folder and _code(there) not in ("", _code(step.after)):
            yield CodeChange(ref=step.ref, folder=folder, beside=there.ref, commit=there.seen.bookkeeping.commit)


def served_before(step: Step, live: State) -> Resource | None:
    """What a deployment is to be compared with: itself before the step; for a new one, what has most of the traffic."""
    if step.before:
        return step.before
    split = live.split(step.ref.endpoint)
    serving = max(split, key=lambda name: split[name], default="")
    return live.get(deployment_ref(step.ref.endpoint, serving)) if serving else None


def _code(deployment: Resource | None) -> str:
    """The content of its code; "" without code."""
    return str(value_at(deployment.fields, CODE) or "") if deployment else ""


def _folder(after: Resource | None) -> str:
    """The folder that the code of a deployment comes from; "" where it is not one of the project."""
    return after.sources.get(CODE, "") if after and after.ref.kind is Kind.DEPLOYMENT else ""
