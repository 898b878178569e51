"""Rules across the documents of a project.

Limits: https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import assert_never

from deployer.authoring.documents.document import Document, Fault
from deployer.authoring.project_index import World, declared_by
from deployer.authoring.text.suggest import did_you_mean
from deployer.core.compute import Compute, compute_of, is_kubernetes
from deployer.core.fields import field_at, fields_of, path_of
from deployer.core.resources import Kind, dotted
from deployer.kinds import KINDS
from deployer.kinds.endpoint import MAX_DEPLOYMENTS

KUBERNETES_NAMES = range(6, 63)
LONGEST_PATH = 500


def name_duplicate(document: Document, world: World) -> Iterator[Fault]:
    """No two documents declare the same resource; the later one by file name is reported."""
    same = world.index.files[declared_by(document)]
    if world.whole and document.text("name") and document.file != same[0]:
        summary = f"{document.kind} `{document.text('name')}` is also declared in {same[0]}"
        yield Fault(path=("name",), summary=summary, detail="Rename or remove one of them; case does not matter.")


def deployment_count(document: Document, world: World) -> Iterator[Fault]:
    """An endpoint has at most 20 deployments."""
    count = len(world.deployments_of(document.text("name"))) if world.whole else 0
    if count > MAX_DEPLOYMENTS:
        summary = f"{count} deployments; an endpoint has at most {MAX_DEPLOYMENTS}"
        yield Fault(path=("name",), summary=summary, detail="Use a second endpoint.")


def kubernetes_name_length(document: Document, _world: World) -> Iterator[Fault]:
    """On Kubernetes, the endpoint and deployment names together have 6 to 62 characters."""
    length = len(document.text("endpoint_name")) + len(document.text("name"))
    if is_kubernetes(document.data) and document.text("endpoint_name") and length not in KUBERNETES_NAMES:
        summary = f"the endpoint and deployment names have {length} characters in total; Kubernetes requires 6 to 62"
        yield Fault(path=("name",), summary=summary, detail="Shorten one of them.")


def endpoint_missing(document: Document, world: World) -> Iterator[Fault]:
    """A deployment has an `endpoint_name`, written or set by the endpoint in its folder."""
    if world.complete and not document.data.get("endpoint_name") and not document.writes("endpoint_name"):
        summary = "`endpoint_name` is missing, and this folder does not contain exactly one endpoint"
        hint = "Add `endpoint_name:`, put the file beside its endpoint, or pass --set endpoint_name=…."
        yield Fault(path=(), summary=summary, detail=hint)


def endpoint_unknown(document: Document, world: World) -> Iterator[Fault]:
    """The endpoint of a deployment is declared in the specs."""
    name = document.text("endpoint_name")
    if world.whole and world.complete and name and name.lower() not in world.index.endpoints:
        known = world.endpoint_names()
        there = f"Declared endpoints: {', '.join(known)}." if known else "The specs declare no endpoint."
        summary = f"no endpoint `{name}` in the specs"
        yield Fault(path=("endpoint_name",), summary=summary, detail=did_you_mean(name, known) or there)


def compute_mismatch(document: Document, world: World) -> Iterator[Fault]:
    """A deployment has the same compute as its endpoint: managed or Kubernetes."""
    name = document.text("endpoint_name")
    endpoint = world.index.endpoints.get(name.lower())
    if not world.whole or endpoint is None:
        return
    here, there = compute_of(document.data), compute_of(endpoint.data)
    if here is not there:
        path = next((key for key in ("type", "endpoint_name") if document.writes(key)), "")
        summary = f"a {here.adjective} deployment on `{name}`, a {there.adjective} endpoint ({endpoint.file})"
        yield Fault(path=(path,) if path else (), summary=summary, detail=_to_match(there))


def _to_match(endpoint: Compute) -> str:
    """How to make a deployment match the compute of its endpoint."""
    match endpoint:
        case Compute.MANAGED:
            return "Remove `type: kubernetes`, or name the attached cluster in the endpoint: `compute: azureml:<name>`."
        case Compute.KUBERNETES:
            return "Write `type: kubernetes`, or remove `compute` from the endpoint."
    assert_never(endpoint)


def asset_version(document: Document, world: World) -> Iterator[Fault]:
    """An asset has versions in all specs or in none: else nobody can say which of them is the newest."""
    name = document.text("name")
    if not name or document.get("version"):
        return
    for file, version in islice(_declared_versions(name, document, world), 1):
        summary = f"`{name}` has no `version` here, and version {version} is declared in {file}"
        yield Fault(path=("name",), summary=summary, detail="Write a `version` in both, or in neither.")


def _declared_versions(name: str, document: Document, world: World) -> Iterator[tuple[str, str]]:
    """The files that declare a version of an asset, on its own or inside a deployment, with the version."""
    for item in world.documents:
        root = () if item.kind is document.kind else (str(document.kind),)
        if item.text(*root, "name") == name and (version := item.text(*root, "version")):
            yield item.file, version


def ignore_path(document: Document, _world: World) -> Iterator[Fault]:
    """The paths in x-ignore are fields."""
    kind = document.kind or Kind.ENDPOINT
    paths = document.get("x-ignore")
    for index, path in enumerate(paths if isinstance(paths, list) else []):
        if isinstance(path, str) and not _is_field(kind, path):
            hint = did_you_mean(path, [dotted(name) for name in fields_of(kind) if "*" not in name])
            summary = f"`{path}` is not a field of {KINDS[kind].noun}"
            yield Fault(path=("x-ignore", index), summary=summary, detail=hint)


def _is_field(kind: Kind, path: str) -> bool:
    """Whether a path names a declared field, or a key of a declared map."""
    if len(path) > LONGEST_PATH:
        return False
    keys = path_of(kind, path)
    found = field_at(kind, keys)
    return found.path in fields_of(kind) and len(found.path) == len(keys)
