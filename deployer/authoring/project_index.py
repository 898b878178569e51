"""World: the context of a document for rules."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployer.authoring.containment import is_inside
from deployer.authoring.documents.document import Document, Fault
from deployer.authoring.text.secrets import Vault
from deployer.core.diagnostics import PassedOver
from deployer.core.resources import Kind, Ref
from deployer.core.secret_marks import has_marks
from deployer.kinds import KINDS

REMOTE = re.compile(r"^(azureml|https?|runs|abfss?|wasbs?|adl|git\+https?|git\+ssh):", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Documents by endpoint name in lower case; the files that declare each resource, sorted."""

    endpoints: Mapping[str, Document]
    deployments: Mapping[str, Sequence[Document]]
    files: Mapping[Ref, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The documents of one run.

    `whole`: they are a whole project; `complete`: all files could be read, so that an absent resource is really
    missing; `files`: files that the documents refer to must exist; `outside`: folders they may lie in beside the
    project. `allowed` are keys by the code of a guess that is silenced for them. `vault` has the
    values behind marks. `passed` are files that are no specs. `looked_through` are the faults of folders that several
    documents name.
    """

    project: Path
    documents: Sequence[Document]
    index: Index
    policy: Mapping[str, Any] = field(default_factory=dict)
    allowed: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = True
    complete: bool = True
    files: bool = True
    vault: Vault = field(default_factory=Vault)
    outside: tuple[Path, ...] = ()
    passed: Sequence[PassedOver] = ()
    looked_through: dict[Path, Sequence[Fault]] = field(default_factory=dict)

    def reaches(self, place: Path) -> bool:
        """Whether a spec may name this file or folder: one in the project, or below what `outside` allows.

        Single files, which need not belong to a project, may name any.
        """
        return not self.whole or is_inside(place, self.project, self.outside)

    def is_hidden(self, value: str) -> bool:
        """Whether a value contains a secret."""
        return has_marks(value) or any(secret in value for secret in self.vault.secrets)

    def endpoint_names(self) -> list[str]:
        """The names of all endpoints, as written."""
        return [item.text("name") for item in self.index.endpoints.values()]

    def deployments_of(self, endpoint: str) -> Sequence[Document]:
        """The deployments of an endpoint; case does not matter."""
        return self.index.deployments.get(endpoint.lower(), ())


def declared_by(document: Document) -> Ref:
    """The resource that a document declares."""
    if document.kind is None:
        raise ValueError(f"{document.file} declares nothing")
    return KINDS[document.kind].ref(document.data)


def index_of(documents: Sequence[Document]) -> Index:
    """The index of a run's documents; sets missing `endpoint_name`s where possible."""
    _name_endpoints(documents)
    deployments, files = defaultdict[str, list[Document]](list), defaultdict[Ref, list[str]](list)
    for document in documents:
        files[declared_by(document)].append(document.file)
        if document.kind is Kind.DEPLOYMENT:
            deployments[document.text("endpoint_name").lower()].append(document)
    named = [item for item in documents if item.kind is Kind.ENDPOINT and item.text("name")]
    return Index(
        endpoints={item.text("name").lower(): item for item in named},
        deployments=deployments,
        files={key: sorted(names) for key, names in files.items()},
    )


def _name_endpoints(documents: Sequence[Document]) -> None:
    """Set a missing `endpoint_name` of deployments to the endpoint in the same folder, if there is exactly one."""
    beside = defaultdict[Path, list[Document]](list)
    for document in documents:
        if document.kind is Kind.ENDPOINT:
            beside[document.folder].append(document)
    for document in documents:
        if document.kind is Kind.DEPLOYMENT and "endpoint_name" not in document.data:
            names = [item.text("name") for item in beside.get(document.folder, ())]
            if len(names) == 1 and names[0]:
                document.data["endpoint_name"] = names[0]


def resolved(document: Document, path: str) -> Path:
    """A path in a spec, relative to the folder of its file."""
    return document.folder / path


def project_path(path: Path, project: Path) -> str:
    """A path relative to the project, with `/`: the form in diagnostics and resources."""
    return Path(os.path.relpath(path, project)).as_posix()
