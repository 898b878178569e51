"""Rules for models and environments, in files of their own or inline in a deployment; rules for tags.

Source: https://learn.microsoft.com/azure/machine-learning/reference-yaml-environment
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deployer.authoring.documents.document import Document, Fault, FieldPath, dotted
from deployer.authoring.project_index import World
from deployer.core.diagnostics import Severity
from deployer.core.fields import schema_name, schema_of
from deployer.core.resources import RESERVED, Kind
from deployer.kinds import ASSETS


def inline(document: Document, kind: Kind) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """The model or environment that a document is or contains, with its path in the document."""
    if document.kind is kind:
        yield (), document.data
    elif document.kind is Kind.DEPLOYMENT and isinstance(document.get(kind.value), dict):
        yield (kind.value,), document.data[kind.value]


def tag_reserved(document: Document, _world: World) -> Iterator[Fault]:
    """Tags do not start with `deployer-`, which is reserved for bookkeeping."""
    for name in document.map("tags"):
        if name.lower().startswith(RESERVED):
            summary = (
                f"the tag `{name}` is reserved: tags starting with `deployer-` are for the deployer's own bookkeeping"
            )
            yield Fault(path=("tags", name), on_key=True, summary=summary, detail="Use another name.")


def field_ignored(document: Document, _world: World) -> Iterator[Fault]:
    """Warns about fields that are accepted but not deployed."""
    for kind in sorted(ASSETS):
        properties = schema_of(schema_name(kind))["properties"]
        for root, data in inline(document, kind):
            for key in data:
                if properties.get(key, {}).get("x-not-compared"):
                    path = (*root, key)
                    summary = f"`{dotted(path)}` is accepted, but not deployed"
                    hint = "Remove it, or set it by hand."
                    yield Fault(path=path, on_key=True, summary=summary, detail=hint, severity=Severity.WARNING)


def environment_shape(document: Document, _world: World) -> Iterator[Fault]:
    """An environment has either an image or a build context, and a conda file needs an image."""
    for root, data in inline(document, Kind.ENVIRONMENT):
        image, build, conda = (data.get(key) for key in ("image", "build", "conda_file"))
        if image and build:
            yield _shape((*root, "build"), "`image` and `build` cannot be combined", "Keep one of them.")
        elif conda and build:
            yield _shape(
                (*root, "conda_file"),
                "`conda_file` needs `image`, not `build`",
                "Install the packages in the Dockerfile.",
            )
        elif conda and not image:
            hint = "Add `image: mcr.microsoft.com/azureml/…`."
            yield _shape((*root, "conda_file"), "`conda_file` needs an `image`", hint)
        elif not image and not build and not {"image", "build"} & data.keys():
            yield _shape(root, "an environment needs an `image` or a `build` context", "Add one of them.")


def _shape(path: FieldPath, summary: str, hint: str) -> Fault:
    return Fault(path=path, on_key=True, summary=summary, detail=hint)


def model_path(document: Document, _world: World) -> Iterator[Fault]:
    """A model spec has a `path`."""
    for root, data in inline(document, Kind.MODEL):
        if not data.get("path") and not {"path", "local_path"} & data.keys():
            yield _shape(root, "a model needs a `path`", "Write a folder, a file, or an azureml:// URI.")
