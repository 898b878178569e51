"""Everything a rule may look at beyond its own document."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployer.resources import Kind
from deployer.spec.document import Document

REMOTE = re.compile(r"^(azureml|https?|runs|abfss?|wasbs?|adl|git\+https?|git\+ssh):", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The documents of one run.

    `whole`: they are a whole project; `complete`: none of its files was too broken to be read, so that what is not
    there is really missing; `files`: what the documents refer to must exist.
    `hidden` are values that came from secrets, not from the text of a spec.
    """

    project: Path
    documents: Sequence[Document]
    policy: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = True
    complete: bool = True
    files: bool = True
    hidden: frozenset[str] = frozenset()

    def is_hidden(self, value: str) -> bool:
        """Whether a value, or a part of it, came from a secret."""
        return any(secret in value for secret in self.hidden)

    def of_kind(self, kind: Kind) -> list[Document]:
        """The documents of one kind."""
        return [document for document in self.documents if document.kind is kind]

    def deployments_of(self, endpoint: str) -> list[Document]:
        """The deployments of an endpoint, whatever the letter case."""
        wanted = endpoint.lower()
        return [item for item in self.of_kind(Kind.DEPLOYMENT) if item.text("endpoint_name").lower() == wanted]

    def endpoint_of(self, deployment: Document) -> Document | None:
        """The endpoint that a deployment belongs to, where its file is known."""
        wanted = deployment.text("endpoint_name").lower()
        return next((item for item in self.of_kind(Kind.ENDPOINT) if item.text("name").lower() == wanted), None)


def name_endpoints(documents: Sequence[Document]) -> None:
    """Give each deployment without `endpoint_name` the name of the one endpoint in its folder, if there is just one."""
    for document in documents:
        if document.kind is Kind.DEPLOYMENT and "endpoint_name" not in document.data:
            beside = [item for item in documents if item.kind is Kind.ENDPOINT and item.folder == document.folder]
            if len(beside) == 1 and beside[0].text("name"):
                document.data["endpoint_name"] = beside[0].text("name")


def resolved(document: Document, path: str) -> Path:
    """A path of a spec, taken from the folder of its file."""
    return document.folder / path


def project_path(path: Path, project: Path) -> str:
    """A path as diagnostics and resources name it: relative to the project, with `/`."""
    return Path(os.path.relpath(path, project)).as_posix()
