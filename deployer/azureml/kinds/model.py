"""Model versions."""

from __future__ import annotations

from typing import Any

from deployer.azureml.access import Raw, Reader, Writer
from deployer.azureml.arm_ids import content_hash, name_and_version
from deployer.azureml.kinds.rows import Row, lower, plain, read_rows, text, texts, wire_value, write_rows
from deployer.azureml.kinds.uploads import local_or_address
from deployer.azureml.kinds.versions import following, newest, version_path
from deployer.azureml.retry import Patience
from deployer.core.fields import with_defaults
from deployer.core.plan import Step
from deployer.core.resources import Kind, Observed, Ref, Resource, asset_ref, is_anonymous

API = "2023-08-01-preview"

ROWS = (
    Row(path=("type",), wire=("properties", "modelType"), read=lower),
    Row(path=("description",), wire=("properties", "description"), read=text),
    Row(path=("tags",), wire=("properties", "tags"), read=texts),
    Row(path=("properties",), wire=("properties", "properties"), read=texts),
)


def look(reader: Reader, ref: Ref) -> Raw | None:
    """The ARM JSON of a model version; None if it does not exist."""
    return reader.arm.get(version_path("models", ref), API)


def latest(reader: Reader, name: str) -> Resource | None:
    """The newest version of a model; None if there is none."""
    raw = newest(reader, "models", name, API)
    return normalise(raw, asset_ref(Kind.MODEL, name, str(raw["name"]))) if raw is not None else None


def next_version(reader: Reader, name: str) -> str:
    """What Azure would call the next version of a model."""
    return following(reader, "models", name, API)


def read(reader: Reader, ref: Ref, _patience: Patience) -> Resource | None:
    """A model version. It has no long operations to wait for."""
    return version(reader, ref)


def version(reader: Reader, ref: Ref) -> Resource | None:
    """A model version; None if it does not exist."""
    raw = look(reader, ref)
    return normalise(raw, ref) if raw is not None else None


def normalise(raw: Raw, ref: Ref) -> Resource:
    """A model version from its ARM JSON. Azure moves uploads, so only the hash in the URI identifies the content."""
    fields = read_rows(ROWS, raw) | {"path": content_hash(wire_value(raw, "properties", "modelUri"))}
    job = str(wire_value(raw, "properties", "jobName") or "")
    known = Observed(unknown=() if fields["path"] else (("path",),), job=job)
    return Resource(ref=ref, fields=with_defaults(Kind.MODEL, fields), observed=known)


def entity(resource: Resource, path: str) -> Any:
    """The entity of a model version with files at `path`, a local path or a URI."""
    from azure.ai.ml.entities import Model

    name, number = name_and_version(resource.ref)
    fields = plain(resource.fields)
    # The SDK looks at the type before it registers: the folder of an MLflow model has to hold one.
    made = Model(name=name, version=number, path=path, type=fields["type"])
    made._is_anonymous = is_anonymous(resource.ref)
    rest_of = made._to_rest_object
    made._to_rest_object = lambda: write_rows(ROWS, fields, rest_of())
    return made


def put(writer: Writer, step: Step, after: Resource) -> None:
    """Register a model version, or update it; an existing one keeps its files: Azure does not allow a new URI."""
    raw = look(writer.reader, step.ref)
    path = wire_value(raw, "properties", "modelUri") or local_or_address(writer, after, ("path",))
    with writer.sdk.uploading(str(after.fields["path"])):
        writer.sdk.call(f"register {step.ref}", lambda client: client.models.create_or_update(entity(after, path)))


def delete(_writer: Writer, step: Step) -> None:
    """Raises ValueError: versions of assets are never deleted."""
    raise ValueError(f"{step.ref} cannot be deleted: versions of assets stay")
