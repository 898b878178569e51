"""Traffic: a separate resource in plans, a part of the endpoint in Azure."""

from __future__ import annotations

from dataclasses import replace

from deployer.azureml.access import Raw, Reader, Writer
from deployer.azureml.bookkeeping import Notes, read_notes
from deployer.azureml.kinds import deployment, endpoint
from deployer.azureml.kinds.endpoint import Split
from deployer.azureml.kinds.observed import observed, settled
from deployer.azureml.retry import Patience
from deployer.core.bookkeeping import Bookkeeping, with_verdicts
from deployer.core.errors import NotFound
from deployer.core.plan import Step
from deployer.core.resources import Ref, Resource, share_map, traffic_ref


def read(reader: Reader, ref: Ref, patience: Patience) -> Resource | None:
    """The traffic of an endpoint, after waiting for operations on the endpoint to end."""
    raw = settled(patience, ref, lambda: endpoint.look(reader, ref.endpoint))
    return normalise(raw) if raw is not None else None


def normalise(raw: Raw) -> Resource:
    """The traffic of an endpoint from the endpoint's ARM JSON."""
    split = endpoint.split_of(raw)
    fields = {"traffic": split.traffic, "mirror_traffic": split.mirror}
    return Resource(ref=traffic_ref(raw["name"]), fields=fields, observed=observed(raw))


def put(writer: Writer, step: Step, after: Resource) -> None:
    """Change only the traffic of an endpoint; everything else is written as it is now."""
    raw = endpoint.live(writer, step.ref)
    if raw is None:
        raise NotFound(f"Could not update {step.ref}: endpoint {step.ref.endpoint} no longer exists.")
    live, notes = endpoint.split_of(raw), read_notes(raw.get("tags"))
    target = Split(
        traffic=share_map(after, "traffic") if "traffic" in after.fields else live.traffic,
        mirror=share_map(after, "mirror_traffic") if "mirror_traffic" in after.fields else live.mirror,
    )
    notes = replace(_notes(notes, step.bookkeeping, live, target), project=writer.project)
    if step.bookkeeping and (step.bookkeeping.tested or step.bookkeeping.failed):
        notes = _with_verdicts(notes, step.bookkeeping, _names(writer, step.ref.endpoint))
    endpoint.write(writer, endpoint.normalise(raw, writer.reader.where), target, notes)


def _notes(notes: Notes, noted: Bookkeeping | None, live: Split, target: Split) -> Notes:
    """The notes for a traffic change: the bookkeeping of the step, else the current split as the previous one."""
    if noted is not None:
        return replace(
            notes,
            previous=noted.previous_split,
            previous_mirror=noted.previous_mirror,
            rollout=noted.rollout,
            held=notes.held if noted.held is None else noted.held,
        )
    if dict(live.traffic) == dict(target.traffic):
        return replace(notes, rollout="")
    return replace(notes, previous=live.traffic, previous_mirror=live.mirror, rollout="")


def _with_verdicts(notes: Notes, noted: Bookkeeping, there: frozenset[str]) -> Notes:
    """The notes with new verdicts, without those of deleted deployments."""
    known = with_verdicts(Bookkeeping(tested=notes.tested, failed=notes.failed), noted)
    tested = {name: mark for name, mark in known.tested.items() if name in there}
    failed = {name: mark for name, mark in known.failed.items() if name in there}
    return replace(notes, tested=tested, failed=failed)


def _names(writer: Writer, endpoint_name: str) -> frozenset[str]:
    """The deployments of an endpoint."""
    pages = writer.reader.arm.pages(f"{endpoint.path(endpoint_name)}/deployments", deployment.API)
    return frozenset(raw["name"].lower() for raw in pages)


def delete(writer: Writer, step: Step) -> None:
    """Remove all traffic; the endpoint stays."""
    put(writer, step, Resource(ref=step.ref, fields={"traffic": {}, "mirror_traffic": {}}))
