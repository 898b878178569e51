"""Environment versions."""

from __future__ import annotations

import json
from typing import Any

from deployer.azureml.access import Raw, Reader, Writer
from deployer.azureml.arm_ids import content_hash, name_and_version
from deployer.azureml.kinds.rows import Row, plain, read_rows, text, texts, wire_value, write_rows
from deployer.azureml.kinds.uploads import local_or_address
from deployer.azureml.kinds.versions import following, newest, version_path
from deployer.azureml.retry import Patience
from deployer.core.fields import with_defaults
from deployer.core.plan import Step
from deployer.core.resources import KeyPath, Kind, Observed, Ref, Resource, asset_ref, is_anonymous, value_at

API = "2023-04-01-preview"


def _route(name: str, wire: str) -> tuple[Row, ...]:
    where, inside = ("inference_config", name), ("properties", "inferenceConfig", wire)
    return (Row(path=(*where, "path"), wire=(*inside, "path")), Row(path=(*where, "port"), wire=(*inside, "port")))


ROWS = (
    Row(path=("image",), wire=("properties", "image"), read=text),
    Row(path=("description",), wire=("properties", "description"), read=text),
    Row(path=("tags",), wire=("properties", "tags"), read=texts, write=lambda tags: tags or None),
    Row(path=("build", "dockerfile_path"), wire=("properties", "build", "dockerfilePath"), read=text, write=None),
    *_route("liveness_route", "livenessRoute"),
    *_route("readiness_route", "readinessRoute"),
    *_route("scoring_route", "scoringRoute"),
)


def look(reader: Reader, ref: Ref) -> Raw | None:
    """The ARM JSON of an environment version; None if it does not exist."""
    return reader.arm.get(version_path("environments", ref), API)


def latest(reader: Reader, name: str) -> Resource | None:
    """The newest version of an environment; None if there is none."""
    raw = newest(reader, "environments", name, API)
    return normalise(raw, asset_ref(Kind.ENVIRONMENT, name, str(raw["name"]))) if raw is not None else None


def next_version(reader: Reader, name: str) -> str:
    """What Azure would call the next version of an environment."""
    return following(reader, "environments", name, API)


def read(reader: Reader, ref: Ref, _patience: Patience) -> Resource | None:
    """An environment version. It has no long operations to wait for."""
    return version(reader, ref)


def version(reader: Reader, ref: Ref) -> Resource | None:
    """An environment version; None if it does not exist."""
    raw = look(reader, ref)
    return normalise(raw, ref) if raw is not None else None


def normalise(raw: Raw, ref: Ref) -> Resource:
    """An environment version from its ARM JSON, which contains the conda file as JSON text."""
    fields = read_rows(ROWS, raw)
    unknown: list[KeyPath] = []
    fields["conda_file"], readable = _parse_conda(wire_value(raw, "properties", "condaFile"))
    if not readable:
        unknown.append(("conda_file",))
    if context := wire_value(raw, "properties", "build"):
        content = content_hash(context.get("contextUri"))
        fields["build"] = {**fields.get("build", {}), "path": content}
        unknown += [] if content else [("build", "path")]
    return Resource(ref=ref, fields=with_defaults(Kind.ENVIRONMENT, fields), observed=Observed(unknown=tuple(unknown)))


def _parse_conda(wire: Any) -> tuple[Any, bool]:
    """The parsed conda file, and whether it could be parsed."""
    if not wire:
        return None, True
    try:
        return json.loads(wire), True
    except ValueError:
        return None, False


def entity(resource: Resource, build_path: str | None) -> Any:
    """The entity of an environment version; `build_path` is the local folder or the URI of its build context."""
    from azure.ai.ml.entities import BuildContext, Environment

    name, number = name_and_version(resource.ref)
    fields = plain(resource.fields)
    build = fields["build"]
    context = BuildContext(path=build_path, dockerfile_path=build["dockerfile_path"]) if build else None
    # The SDK refuses an environment without content when it is made, so it is given all of it.
    content = {"image": fields["image"], "conda_file": fields["conda_file"], "build": context}
    made = Environment(name=name, version=number, **content)
    made._is_anonymous = is_anonymous(resource.ref)
    rest_of = made._to_rest_object
    made._to_rest_object = lambda: write_rows(ROWS, fields, rest_of())
    return made


def put(writer: Writer, step: Step, after: Resource) -> None:
    """Register an environment version."""
    build = local_or_address(writer, after, ("build", "path")) if after.fields.get("build") else None
    with writer.sdk.uploading(str(value_at(after.fields, ("build", "path")) or step.ref)):
        writer.sdk.call(
            f"register {step.ref}", lambda client: client.environments.create_or_update(entity(after, build))
        )


def delete(_writer: Writer, step: Step) -> None:
    """Raises ValueError: versions of assets are never deleted."""
    raise ValueError(f"{step.ref} cannot be deleted: versions of assets stay")
