"""The files and folders of this machine that a spec names."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.authoring.documents.document import Document, FieldPath
from deployer.authoring.project_index import REMOTE
from deployer.authoring.rules.asset_rules import inline
from deployer.core.references import is_reference
from deployer.core.resources import Kind


def named_paths(document: Document) -> Iterator[tuple[FieldPath, str]]:
    """The local paths in a spec, and their places."""
    for path in _paths(document):
        name = document.text(*path)
        if name and not is_reference(name) and not REMOTE.match(name):
            yield path, name


def _paths(document: Document) -> Iterator[FieldPath]:
    """The fields in a spec that name a file or a folder."""
    yield from (("code_configuration", "code"), ("x-smoke-test", "request"), ("x-smoke-test", "image"))
    yield from ((*root, "path") for root, _ in inline(document, Kind.MODEL))
    for root, _ in inline(document, Kind.ENVIRONMENT):
        yield from ((*root, "build", "path"), (*root, "conda_file"))
