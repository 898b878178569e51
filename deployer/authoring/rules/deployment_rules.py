"""Rules for the fields of one deployment.

Sources: https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas (limits),
https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-managed-online and
https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-kubernetes-online (fields).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from deployer.authoring.answer_schema import schema_problem
from deployer.authoring.documents.document import Document, Fault
from deployer.authoring.extension_keys import has_revisions
from deployer.authoring.project_index import World
from deployer.authoring.text.suggest import nearest
from deployer.core.compute import NOT_EVERYWHERE, Compute, compute_of, is_kubernetes
from deployer.core.diagnostics import Severity
from deployer.core.fields import schema_of
from deployer.core.intent import DEPLOYMENT_HEADER, OWN_HEADERS
from deployer.core.placeholders import is_unfilled
from deployer.core.references import LATEST, AssetType, parse_reference
from deployer.kinds.spelling import snake
from deployer.planning.vm_sizes import vm_sizes

NAME = re.compile(r"[a-zA-Z]([-a-zA-Z0-9]{1,30})[a-zA-Z0-9]")
MAX_INSTANCES = 50
MAX_COLLECTOR_LENGTH = 1500
MANAGED_TIMEOUT_MS = 180_000
PROMPT_FLOW = ("PROMPTFLOW_", "PRT_")
_REGISTRY = {
    kind: re.compile(rf"azureml://registries/[^/]+/{kind}s/[^/]+/(versions|labels)/[^/]+")
    for kind in ("model", "environment")
}


LONGEST_LOGICAL_NAME = 23
"""Characters: 32 for the name of a deployment, less a dash and eight of a hash."""

TAKEN_HEADERS = OWN_HEADERS | {DEPLOYMENT_HEADER, "content-type", "transfer-encoding"}


def endpoint_name_format(document: Document, _world: World) -> Iterator[Fault]:
    """`endpoint_name` is a valid endpoint name."""
    name = document.text("endpoint_name")
    if not name or NAME.fullmatch(name) or not document.writes("endpoint_name"):
        return
    if not is_unfilled(name):
        hint = "Use 3 to 32 letters, digits and dashes. Start with a letter and end with a letter or digit."
        yield Fault(path=("endpoint_name",), summary=f"`{name}` is not a valid endpoint name", detail=hint)


def vm_size(document: Document, _world: World) -> Iterator[Fault]:
    """The VM size is in Microsoft's list for managed endpoints."""
    size = document.text("instance_type")
    if not size or is_kubernetes(document.data) or size.lower() in vm_sizes():
        return
    close = [vm_sizes()[name].name for name in nearest(size, vm_sizes(), 3)]
    hint = f"Similar sizes: {', '.join(close)}." if close else "Run `deployer explain vm-size`."
    summary = f"the VM size `{size}` is not in Microsoft's list for online endpoints"
    yield Fault(path=("instance_type",), summary=summary, detail=hint, severity=Severity.WARNING)


def instance_count(document: Document, _world: World) -> Iterator[Fault]:
    """A managed deployment has at most 50 instances."""
    count = document.get("instance_count")
    if type(count) is int and count > MAX_INSTANCES and not is_kubernetes(document.data):
        summary = f"{count} instances; a managed deployment has at most {MAX_INSTANCES}"
        yield Fault(path=("instance_count",), summary=summary, detail="Spread them over several deployments.")


def request_timeout(document: Document, _world: World) -> Iterator[Fault]:
    """The request timeout is at most 180 s on managed endpoints, except for prompt flows."""
    path = ("request_settings", "request_timeout_ms")
    timeout = document.get(*path)
    longer = is_kubernetes(document.data) or any(
        key.startswith(PROMPT_FLOW) for key in document.map("environment_variables")
    )
    if type(timeout) is int and MANAGED_TIMEOUT_MS < timeout <= 300_000 and not longer:
        summary = f"a timeout of {timeout} ms; managed endpoints allow at most {MANAGED_TIMEOUT_MS}"
        yield Fault(path=path, summary=summary, detail=f"Write {MANAGED_TIMEOUT_MS} or less.")


def scale_type(document: Document, _world: World) -> Iterator[Fault]:
    """Managed deployments do not use target_utilization: Azure Monitor scales them."""
    if snake(document.text("scale_settings", "type")) == "target_utilization" and not is_kubernetes(document.data):
        hint = "Remove it, and declare `x-autoscale: {min: 1, max: 3, cpu: 70%}` instead."
        summary = "target_utilization is for Kubernetes; managed deployments only support `default`"
        yield Fault(path=("scale_settings", "type"), summary=summary, detail=hint)


def field_of_type(document: Document, _world: World) -> Iterator[Fault]:
    """Fields that exist with one value of another field only (`x-when` in the schema): Azure's loader refuses them."""
    for parent, node in schema_of("deployment")["properties"].items():
        for key, inner in node.get("properties", {}).items():
            for other, wanted in inner.get("x-when", {}).items():
                has = snake(str(document.meant(parent, other)))
                if document.get(parent, key) is not None and has != wanted:
                    summary = f"`{key}` is only for `{other}: {wanted}`; here it is {has}"
                    hint = "Remove it. Managed deployments are scaled by `x-autoscale`, not by `scale_settings`."
                    path = (parent, key)
                    yield Fault(path=path, on_key=True, summary=summary, detail=hint)


def scale_range(document: Document, _world: World) -> Iterator[Fault]:
    """min_instances is not greater than max_instances."""
    low, high = document.get("scale_settings", "min_instances"), document.get("scale_settings", "max_instances")
    if type(low) is int and type(high) is int and low > high:
        summary = f"min_instances ({low}) is greater than max_instances ({high})"
        yield Fault(path=("scale_settings", "min_instances"), summary=summary, detail="Swap them.")


def probe_success(document: Document, _world: World) -> Iterator[Fault]:
    """The success threshold of a liveness probe is 1."""
    path = ("liveness_probe", "success_threshold")
    threshold = document.get(*path)
    if type(threshold) is int and threshold > 1:
        yield Fault(path=path, summary="the success_threshold of a liveness probe must be 1", detail="Remove it.")


def kubernetes_field(document: Document, _world: World) -> Iterator[Fault]:
    """Kubernetes-only fields are not used on managed deployments, and vice versa."""
    here = compute_of(document.data)
    hint = "Remove it." if here is Compute.KUBERNETES else "Remove it, or write `type: kubernetes`."
    for compute, keys in NOT_EVERYWHERE.items():
        for key in keys:
            if compute is not here and document.get(key) is not None:
                summary = f"`{key}` is only for {compute.adjective} deployments"
                yield Fault(path=(key,), on_key=True, summary=summary, detail=hint)


def registry_kubernetes(document: Document, _world: World) -> Iterator[Fault]:
    """Kubernetes deployments do not use assets from registries."""
    for key in ("model", "environment"):
        if is_kubernetes(document.data) and parse_reference(AssetType(key), document.text(key), None).is_in_registry:
            summary = f"the {key} of a Kubernetes deployment cannot come from a registry"
            yield Fault(
                path=(key,), summary=summary, detail="Register it in the workspace and write azureml:<name>:<version>."
            )


def mount_path(document: Document, _world: World) -> Iterator[Fault]:
    """model_mount_path requires an environment with an inference_config."""
    if not document.get("model_mount_path"):
        return
    inline = document.get("environment")
    if isinstance(inline, dict) and not inline.get("inference_config"):
        summary = "`model_mount_path` is only for environments with an `inference_config`"
        yield Fault(
            path=("model_mount_path",), on_key=True, summary=summary, detail="Remove it, or add an `inference_config`."
        )


def revision_name(document: Document, world: World) -> Iterator[Fault]:
    """The name of a deployment with revisions leaves room for a hash."""
    name = document.text("name")
    if has_revisions(document, world.policy) and len(name) > LONGEST_LOGICAL_NAME:
        yield Fault(
            path=("name",),
            summary=f"the name `{name}` has {len(name)} characters; x-revisions allows {LONGEST_LOGICAL_NAME}",
            detail="The live name of a revision is this name, a dash and 8 characters of a hash, and Azure takes 32.",
        )


def worker_count(document: Document, _world: World) -> Iterator[Fault]:
    """WORKER_COUNT equals max_concurrent_requests_per_instance."""
    workers = document.text("environment_variables", "WORKER_COUNT")
    taken = document.meant("request_settings", "max_concurrent_requests_per_instance")
    if workers.isdecimal() and len(workers) < 6 and type(taken) is int and int(workers) != taken:
        summary = f"WORKER_COUNT is {int(workers)}, but max_concurrent_requests_per_instance is {taken}"
        hint = f"Write `max_concurrent_requests_per_instance: {int(workers)}` under `request_settings`."
        path = ("environment_variables", "WORKER_COUNT")
        yield Fault(path=path, summary=summary, detail=hint, severity=Severity.WARNING)


def smoke_shape(document: Document, _world: World) -> Iterator[Fault]:
    """A smoke test has either a request or an image, and what else it has belongs to that."""
    test = document.get("x-smoke-test")
    given = [key for key in ("request", "image") if isinstance(test, dict) and key in test]
    if isinstance(test, dict) and len(given) != 1:
        summary = "a smoke test needs a `request` or an `image`" + (", not both" if given else "")
        hint = "Write one of `request: FILE` (JSON) and `image: FILE`."
        yield Fault(path=("x-smoke-test",), on_key=True, summary=summary, detail=hint)
    if isinstance(test, dict) and "tolerance" in test and not {"json", "subset"} & test.keys():
        summary, hint = "a `tolerance` is for the numbers of `json` or `subset`", "Add one of them, or remove it."
        yield Fault(path=("x-smoke-test", "tolerance"), on_key=True, summary=summary, detail=hint)
    if isinstance(test, dict) and "image" in test and "content_type" in test:
        summary = "an `image` is sent as JSON, whatever its `content_type`"
        hint = "Send the bytes of the file with `request`, or remove `content_type`."
        yield Fault(path=("x-smoke-test", "content_type"), on_key=True, summary=summary, detail=hint)
    yield from _own_headers(document)
    schema = document.get("x-smoke-test", "schema")
    if isinstance(schema, dict) and (problem := schema_problem(schema)):
        summary = f"this is no JSON Schema: {problem}"
        yield Fault(
            path=("x-smoke-test", "schema"), on_key=True, summary=summary, detail="See https://json-schema.org."
        )


def _own_headers(document: Document) -> Iterator[Fault]:
    """Headers of a smoke test that the deployer sets itself."""
    for name in document.map("x-smoke-test", "headers"):
        if str(name).lower() in TAKEN_HEADERS:
            summary, hint = f"the header `{name}` is set by the deployer", "Remove it; `content_type` has its own key."
            yield Fault(path=("x-smoke-test", "headers", name), on_key=True, summary=summary, detail=hint)


def collector_size(document: Document, _world: World) -> Iterator[Fault]:
    """The declared data assets fit into our tags: Azure does not return their paths, so they are noted there."""
    collector = document.get("data_collector")
    collections = collector.get("collections") if isinstance(collector, Mapping) else None
    if not isinstance(collections, Mapping):
        return
    declared = {name: part.get("data") for name, part in collections.items() if isinstance(part, Mapping)}
    length = len(json.dumps(declared, default=str))
    if length > MAX_COLLECTOR_LENGTH:
        summary = f"the `data` of these collections has {length} characters as JSON; at most {MAX_COLLECTOR_LENGTH} fit"
        hint = "Azure does not return these values, so the deployer keeps them in tags. Shorten paths and names."
        yield Fault(path=("data_collector", "collections"), summary=summary, detail=hint)


def reference_form(document: Document, _world: World) -> Iterator[Fault]:
    """References to assets that the schema lets pass and Azure cannot read."""
    for kind in ("model", "environment"):
        text = document.text(kind)
        if text and (meant := _meant(text, kind)):
            yield Fault(path=(kind,), summary=f"`{text}` is not a reference that Azure can read", detail=meant)


def _meant(text: str, kind: str) -> str:
    """What a misspelt reference probably stands for; "" for one that can be read."""
    short = text.removeprefix("azureml:")
    name, colon, version = short.rpartition(":")
    if short.lstrip("/").lower().startswith("registries/"):
        form = f"azureml://registries/<registry>/{kind}s/<name>/versions/<version>"
        path = f"azureml://{short.lstrip('/')}"
        return "" if text == path and _REGISTRY[kind].fullmatch(text) else _or_form(path, form, _REGISTRY[kind])
    if version.lower() == LATEST and name and not text.startswith("/"):
        return f"Did you mean `azureml:{name}@{LATEST}`?"
    if colon and not (name and version):
        return "Write azureml:<name>:<version>."
    return ""


def _or_form(corrected: str, form: str, pattern: re.Pattern[str]) -> str:
    return f"Did you mean `{corrected}`?" if pattern.fullmatch(corrected) else f"Write {form}."
