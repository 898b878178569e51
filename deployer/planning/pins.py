"""References in specs: the resources to read before planning, and the versions behind labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from deployer.core.drafts import Draft
from deployer.core.references import LATEST, AssetReference, AssetType, parse_reference
from deployer.core.resources import (
    BUSY_STATES,
    Kind,
    Ref,
    Resource,
    State,
    deployment_ref,
    reference_at,
    referenced,
    with_value,
)
from deployer.core.workspace import Wanted
from deployer.kinds import ASSETS, OPERATED, OWNED

CODE = ("code_configuration", "code")


def wanted(desired: State, project: str, drafts: Iterable[Draft] = ()) -> Wanted:
    """Everything that must be observed to plan for `desired` and for assets that have no version yet."""
    deployments = desired.of_kind(Kind.DEPLOYMENT)
    named = {ref for item in deployments for kind in ASSETS if (ref := referenced(item, kind))}
    return Wanted(
        endpoints=frozenset(ref.endpoint for ref in desired.resources if ref.endpoint),
        assets=frozenset({ref for ref in desired.resources if ref.kind in ASSETS} | named),
        labels=frozenset(label for item in deployments for label in labels_of(item)),
        drafts=frozenset(draft.newest for draft in drafts),
        codes=frozenset(code for item in deployments if (code := _code_asset(item))),
        project=project,
        autoscale=bool(desired.of_kind(Kind.AUTOSCALE)),
    )


def labels_of(deployment: Resource) -> Iterator[AssetReference]:
    """The references of a deployment to a model or an environment by label."""
    for type_ in (AssetType.MODEL, AssetType.ENVIRONMENT):
        found = reference_at(deployment, (type_.value,), type_)
        if found and found.label:
            yield found


def _code_asset(deployment: Resource) -> AssetReference | None:
    """The code asset that a deployment names instead of a folder."""
    return reference_at(deployment, CODE, AssetType.CODE)


def busy_resources(live: State, endpoints: frozenset[str]) -> tuple[Ref, ...]:
    """The endpoints among these, and their deployments, that are being changed."""
    there = [item for kind in OPERATED for item in live.of_kind(kind)]
    busy = [item.ref for item in there if item.seen.provisioning_state in BUSY_STATES]
    return tuple(ref for ref in busy if ref.endpoint in endpoints)


def without_deleting(live: State) -> State:
    """`live` without the resources that are being deleted: they count as deleted already."""
    going = {ref for ref, item in live.resources.items() if item.seen.provisioning_state == "Deleting"}
    endpoints = {ref.endpoint for ref in going if ref.kind is Kind.ENDPOINT}
    kept = {ref: item for ref, item in live.resources.items() if ref not in going and ref.endpoint not in endpoints}
    return replace(live, resources=kept)


def with_pinned_references(desired: State, live: State) -> State:
    """`desired` with labels replaced by versions, and code assets by their content.

    The newest version is the one that will be the newest when the plan is done: one that the specs register, else the
    newest that was read into `live`.
    """
    known = {**live.references, **_registered_by_plan(desired, live)}
    pinned = {ref: _with_pinned_references(item, known, live.contents) for ref, item in desired.resources.items()}
    return replace(desired, resources=pinned)


def _registered_by_plan(desired: State, live: State) -> Mapping[AssetReference, AssetReference]:
    """What "latest" will mean for each asset of which the specs declare versions that are not registered yet."""
    found: dict[AssetReference, AssetReference] = {}
    fresh = [ref for ref in desired.resources if ref.kind in ASSETS and live.get(ref) is None]
    for ref in sorted(fresh, key=by_version):
        version = parse_reference(AssetType(ref.kind.value), ref.name, None)
        found[replace(version, version="", label=LATEST)] = version
    return found


def by_version(ref: Ref) -> tuple[bool, int, str]:
    """An order of versions: numbers as numbers, and before any other text. Apply registers them in this order.

    Azure takes the version that was registered last for the latest.
    """
    version = ref.name.rpartition(":")[2]
    return (False, int(version), "") if version.isdecimal() else (True, 0, version)


def _with_pinned_references(
    resource: Resource, known: Mapping[AssetReference, AssetReference], contents: Mapping[AssetReference, str]
) -> Resource:
    """A deployment with its references resolved; any other resource unchanged."""
    if resource.ref.kind is not Kind.DEPLOYMENT:
        return resource
    versions = {label.type.value: str(known.get(label, label)) for label in labels_of(resource)}
    fields = {**resource.fields, **versions}
    asset = _code_asset(resource)
    if asset and (content := contents.get(asset)):
        sources = {**resource.sources, CODE: str(asset)}
        return replace(resource, fields=with_value(fields, CODE, content), sources=sources)
    return replace(resource, fields=fields)


def orphans(
    desired: State, live: State, project: str, endpoint: str, revisions: frozenset[Ref] = frozenset()
) -> tuple[Ref, ...]:
    """Resources with this project's tag that are in no spec; an endpoint stands for its deployments too.

    `revisions` are those of deployments in the specs. The setting of a live deployment stands or falls with it.
    """
    mine = [item for item in live.resources.values() if item.seen.owner == project and not _has_deployment(item, live)]
    left = [item.ref for item in mine if item.ref not in desired.resources and item.ref not in revisions]
    here = [ref for ref in left if not endpoint or ref.endpoint == endpoint.lower()]
    whole = {ref.endpoint for ref in here if ref.kind is Kind.ENDPOINT}
    kept = [ref for ref in here if ref.kind is Kind.ENDPOINT or ref.endpoint not in whole]
    return tuple(sorted(ref for ref in kept if ref.kind in OWNED))


def _has_deployment(item: Resource, live: State) -> bool:
    """Whether this is the autoscale setting of a live deployment."""
    return item.ref.kind is Kind.AUTOSCALE and live.get(deployment_ref(item.ref.endpoint, item.ref.name)) is not None
