"""The `policy` of an env: stricter rules for that env."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deployer.authoring.documents.document import Document, Fault, FieldPath
from deployer.authoring.extension_keys import autoscale_parts, is_autoscaled
from deployer.authoring.project_index import World
from deployer.authoring.text.suggest import did_you_mean
from deployer.core.compute import is_kubernetes
from deployer.core.references import AssetType, parse_reference


def min_instances(document: Document, world: World) -> Iterator[Fault]:
    """A deployment has at least `min_instances`, also where autoscale decides."""
    least = world.policy.get("min_instances")
    for path, count in _instances(document, "min"):
        if isinstance(least, int) and type(count) is int and count < least:
            summary = f"{count} instance(s); the policy of this env requires at least {least}"
            yield Fault(path=path, summary=summary, detail=f"Write `{path[-1]}: {least}`.")


def max_instances(document: Document, world: World) -> Iterator[Fault]:
    """A deployment has at most `max_instances`, also where autoscale decides."""
    most = world.policy.get("max_instances")
    for path, count in _instances(document, "max"):
        if isinstance(most, int) and type(count) is int and count > most:
            summary = f"{count} instances; the policy of this env allows at most {most}"
            yield Fault(path=path, summary=summary, detail=f"Write `{path[-1]}: {most}`.")


def _instances(document: Document, bound: str) -> Iterator[tuple[FieldPath, Any]]:
    """The number of instances of a deployment; with autoscale, each of its lower or upper bounds."""
    if not is_autoscaled(document):
        yield ("instance_count",), document.meant("instance_count")
    yield from (((*path, bound), part.get(bound)) for path, part in autoscale_parts(document))


def pinned_versions(document: Document, world: World) -> Iterator[Fault]:
    """Models and environments are referenced by version."""
    if not world.policy.get("pinned_versions"):
        return
    for key in ("model", "environment"):
        text = document.text(key)
        if text and not parse_reference(AssetType(key), text, None).is_pinned:
            summary = f"the policy of this env requires a version, and `{text}` can refer to another one tomorrow"
            yield Fault(path=(key,), summary=summary, detail="Write azureml:<name>:<version>.")


def pinned_assets(document: Document, world: World) -> Iterator[Fault]:
    """Models and environments have a version in their specs."""
    if world.policy.get("pinned_versions") and document.text("name") and not document.get("version"):
        summary = f"the policy of this env requires a version, and this {document.kind} has none"
        yield Fault(path=("name",), summary=summary, detail="Add a `version`; raise it when the content changes.")


def vm_sizes(document: Document, world: World) -> Iterator[Fault]:
    """The VM size is in `vm_sizes`."""
    allowed, size = world.policy.get("vm_sizes"), document.text("instance_type")
    if isinstance(allowed, list) and size and size.lower() not in {str(item).lower() for item in allowed}:
        listed = ", ".join(str(item) for item in allowed)
        summary = f"the policy of this env does not allow the VM size `{size}`"
        hint = did_you_mean(size, [str(item) for item in allowed]) or f"It allows {listed}."
        yield Fault(path=("instance_type",), summary=summary, detail=hint)


def public_access(document: Document, world: World) -> Iterator[Fault]:
    """The endpoint is not reachable from the internet."""
    access = str(document.meant("public_network_access")).lower()
    if world.policy.get("public_access") is False and access != "disabled" and not is_kubernetes(document.data):
        summary = "the policy of this env forbids endpoints that are reachable from the internet"
        path = ("public_network_access",)
        yield Fault(path=path, summary=summary, detail="Write `public_network_access: disabled`.")
