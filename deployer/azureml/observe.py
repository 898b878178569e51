"""Read the live state: ARM JSON, with parallel requests, in canonical form."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from deployer.azureml.access import Reader
from deployer.azureml.arm import CONNECTIONS
from deployer.azureml.kinds import autoscale, code_assets, deployment, endpoint, traffic
from deployer.azureml.kinds.table import azure_asset, azure_kind
from deployer.azureml.retry import Patience
from deployer.core.errors import SignInFailed
from deployer.core.references import LATEST, AssetReference
from deployer.core.resources import Kind, Ref, Resource, State
from deployer.core.workspace import Wanted


def read(reader: Reader, ref: Ref, patience: Patience) -> Resource | None:
    """One resource, after waiting for operations on it to end. Raises Busy if they take too long."""
    return azure_kind(ref.kind).read(reader, ref, patience)


def newest(reader: Reader, labelled: AssetReference) -> Resource | None:
    """The newest version of an asset; None if there is none, or if the label is not "latest"."""
    if labelled.label != LATEST:
        return None
    return azure_asset(Kind(labelled.type.value)).latest(reader, labelled.name)


def next_version(reader: Reader, labelled: AssetReference) -> str:
    """What Azure would call the next version of an asset."""
    return azure_asset(Kind(labelled.type.value)).next_version(reader, labelled.name)


def observe(reader: Reader, wanted: Wanted) -> State:
    """The live state: one read for all endpoints, one for the deployments of each, one per asset, label and code asset,
    two per asset without a version.

    A deployment without a valid note of its code content needs one more read; one more reads all autoscale settings.
    """
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        try:
            return _gather(pool, reader, wanted)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _gather(pool: ThreadPoolExecutor, reader: Reader, wanted: Wanted) -> State:
    endpoints = pool.submit(_endpoints, pool, reader, wanted)
    settings = pool.submit(autoscale.listed, reader) if wanted.autoscale else None
    assets = [pool.submit(azure_asset(ref.kind).version, reader, ref) for ref in sorted(wanted.assets)]
    labels = {labelled: pool.submit(newest, reader, labelled) for labelled in sorted(wanted.labels | wanted.drafts)}
    following = {labelled: pool.submit(next_version, reader, labelled) for labelled in sorted(wanted.drafts)}
    codes = {asset: pool.submit(code_assets.content_of, reader, asset) for asset in sorted(wanted.codes)}
    present = [item for future in assets if (item := future.result()) is not None]
    found = {labelled: item for labelled, future in labels.items() if (item := future.result()) is not None}
    known = [item for labelled, item in found.items() if labelled in wanted.drafts]
    below = endpoints.result()
    if settings is None and any(item.seen.bookkeeping.autoscaled for item in below):
        settings = pool.submit(autoscale.listed, reader)
    scaling, unread = _settings(settings, below, wanted)
    return State(
        resources={item.ref: item for item in (*below, *scaling, *known, *present)},
        references={labelled: _pinned(labelled, item.ref) for labelled, item in found.items()},
        next_versions={labelled: future.result() for labelled, future in following.items()},
        contents={asset: future.result() for asset, future in codes.items()},
        unread=unread,
    )


def _settings(
    listed: Future[list[Resource]] | None, below: list[Resource], wanted: Wanted
) -> tuple[list[Resource], str]:
    """The autoscale settings of the endpoints that were read or asked for; or why this account may not read them."""
    names = {item.ref.endpoint for item in below} | wanted.endpoints
    try:
        found = listed.result() if listed else []
    except SignInFailed as error:
        return [], error.message
    return [item for item in found if item.ref.endpoint in names or item.seen.owner == wanted.project != ""], ""


def _pinned(labelled: AssetReference, ref: Ref) -> AssetReference:
    return replace(labelled, version=ref.name.rpartition(":")[2], label="")


def _endpoints(pool: ThreadPoolExecutor, reader: Reader, wanted: Wanted) -> list[Resource]:
    """Endpoints with traffic and deployments; deployments are requested before the endpoints are known to exist."""
    if not (wanted.endpoints or wanted.project or wanted.everything):
        return []
    parts = {name: pool.submit(deployment.of_endpoint, reader, name) for name in sorted(wanted.endpoints)}
    found: list[Resource] = []
    for raw in endpoint.listed(reader, wanted):
        name = raw["name"].lower()
        if name not in parts:
            parts[name] = pool.submit(deployment.of_endpoint, reader, name)
        found += [endpoint.normalise(raw, reader.where), traffic.normalise(raw)]
    live = {item.ref.endpoint for item in found}
    return found + [item for name, part in parts.items() if name in live for item in part.result()]
