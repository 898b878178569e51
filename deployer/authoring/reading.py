"""Read the files of a run as documents, and tell apart what is not one of ours."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deployer.authoring.documents.document import Document
from deployer.authoring.documents.kind_of import BY_SCHEMA, SCHEMA_HINT, Told
from deployer.authoring.documents.other_kinds import ENOUGH
from deployer.authoring.documents.overrides import Override
from deployer.authoring.documents.read_spec import Spec, other_in, read_spec
from deployer.authoring.project_index import project_path, resolved
from deployer.authoring.text.encoding import read_text
from deployer.authoring.text.templates import Templates
from deployer.core.diagnostics import Diagnostic, PassedOver
from deployer.core.errors import SpecError
from deployer.kinds import telling_keys

TOP_LEVEL_KEY = re.compile(r"^[\"']?([\w-]+)[\"']?\s*:", re.MULTILINE)
CALLED_A_SPEC = ("endpoint", "deployment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The documents in files, the diagnostics of their text, what was passed over, and if all specs were readable."""

    documents: Sequence[Document]
    diagnostics: Sequence[Diagnostic]
    passed: Sequence[PassedOver]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _One:
    """One file after reading: a document, or what it is instead."""

    document: Document | None = None
    diagnostics: Sequence[Diagnostic] = ()
    passed: PassedOver | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Reads the files of a run. With `searching` nobody called them specs: what looks like none is passed over."""

    project: Path
    templates: Templates
    overrides: Sequence[Override] = ()
    searching: bool = False

    def all(self, files: Sequence[str]) -> Read:
        """Every file; one that a document names as its conda or request file is not a spec."""
        read = {file: self._one(file) for file in files}
        self.templates.close()
        named = {project_path(path, self.project) for one in read.values() for path in _named_files(one.document)}
        specs = [one for file, one in read.items() if file not in named]
        return Read(
            documents=[one.document for one in specs if one.document],
            diagnostics=[item for one in specs for item in one.diagnostics],
            passed=[one.passed for one in specs if one.passed],
            complete=all(one.document or not errors_of(one.diagnostics) for one in specs),
        )

    def _one(self, file: str) -> _One:
        path, text = self.project / file, ""
        try:
            text = read_text(path, file)
            spec = read_spec(path, file, text, self.templates, self.overrides)
        except SpecError as error:
            return self._unreadable(file, text, error)
        if spec.told and (passed := self._passed(file, spec, spec.told)):
            return _One(passed=passed)
        return _One(document=spec.document if spec.document.kind else None, diagnostics=spec.diagnostics)

    def _unreadable(self, file: str, text: str, error: SpecError) -> _One:
        braces = any(item.code.startswith("template-") for item in error.diagnostics)
        if braces and (other := other_in(text, file)):
            return _One(passed=PassedOver(file=file, what=other.noun, code=other.code))
        if self.searching and not _looks_like_a_spec(text, file):
            what = f"a file that cannot be read as a spec ({error.diagnostics[0].summary})"
            return _One(passed=PassedOver(file=file, what=what, code="kind-unknown"))
        return _One(diagnostics=error.diagnostics)

    def _passed(self, file: str, spec: Spec, told: Told) -> PassedOver | None:
        if told.other:
            return PassedOver(file=file, what=told.other.noun, code=told.other.code)
        if self.searching and not told.sure and not _called_a_spec(file):
            fields = ", ".join(f"`{key}`" for key in list(spec.document.data)[:6]) or "none"
            return PassedOver(file=file, what=f"no spec that can be told by its fields ({fields})", code="kind-unknown")
        return None


def _looks_like_a_spec(text: str, file: str) -> bool:
    """Whether text that cannot be read looks like one of our documents."""
    if hint := SCHEMA_HINT.search(text):
        return hint[1].lower() in BY_SCHEMA
    keys = set(TOP_LEVEL_KEY.findall(text))
    return _called_a_spec(file) or any(len(keys & telling) >= ENOUGH for telling in telling_keys().values())


def _called_a_spec(file: str) -> bool:
    return any(word in file.rpartition("/")[2].lower() for word in CALLED_A_SPEC)


def _named_files(document: Document | None) -> Iterator[Path]:
    """The files that a document names as its conda or request file."""
    for path in (("conda_file",), ("environment", "conda_file"), ("x-smoke-test", "request")):
        if document and (name := document.text(*path)):
            yield Path(os.path.normpath(resolved(document, name)))


def errors_of(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Only the diagnostics that stop a command."""
    return [item for item in diagnostics if item.severity.stops]
