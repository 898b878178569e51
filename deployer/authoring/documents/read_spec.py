"""One file -> one Document: read, render, parse, apply overrides and convert scalars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from deployer.authoring.documents.check_schema import shown
from deployer.authoring.documents.coerce import as_declared, leading_zeros
from deployer.authoring.documents.document import Document, Fault, dotted
from deployer.authoring.documents.kind_of import Told, kind_of
from deployer.authoring.documents.other_kinds import Other
from deployer.authoring.documents.overrides import Override, overlaid
from deployer.authoring.documents.secret_fields import settled
from deployer.authoring.text.encoding import read_text
from deployer.authoring.text.parse import MAX_FAULTS, Parsed, parse
from deployer.authoring.text.render import Rendered, render, statements_in_comments
from deployer.authoring.text.secrets import Vault
from deployer.authoring.text.templates import Templates
from deployer.core.diagnostics import Diagnostic, Location, Severity
from deployer.core.errors import SpecError
from deployer.core.fields import schema_name
from deployer.core.resources import Kind


def read_document(path: Path, file: str, templates: Templates, schema: str) -> tuple[Document, list[Diagnostic]]:
    """Read a file with a known schema. Raises SpecError if it cannot be rendered or parsed."""
    document, diagnostics = _document(path, file, read_text(path, file), templates)
    diagnostics += settled(schema, document, templates.scope.vault)
    as_declared(schema, document.data, document.parsed)
    return document, diagnostics


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A file after reading: `document.kind` is None if it is empty or no spec; `told` says what it is then."""

    document: Document
    diagnostics: Sequence[Diagnostic]
    told: Told | None = None


def read_spec(path: Path, file: str, text: str, templates: Templates, overrides: Sequence[Override] = ()) -> Spec:
    """The document in the text of a spec file, and diagnostics about the text.

    Raises SpecError if the text cannot be rendered or parsed.
    """
    document, diagnostics = _document(path, file, text, templates)
    if document.parsed.data is None and not overrides:
        return Spec(document=document, diagnostics=diagnostics)
    told = kind_of(document.data, templates.sources.get(file, document.rendered.text), file)
    diagnostics += [document.diagnostic("kind", fault) for fault in told.faults]
    if told.kind is None:
        return Spec(document=document, diagnostics=diagnostics, told=told)
    document, diagnostics = _of_kind(document, told.kind, overrides, diagnostics, templates.scope.vault)
    return Spec(document=document, diagnostics=diagnostics, told=told)


def other_in(text: str, file: str) -> Other | None:
    """The other kind of a file whose text cannot be rendered: braces in it are another tool's."""
    try:
        data = parse(text, file).data
    except SpecError:
        return None
    return kind_of(data, text, file).other if isinstance(data, dict) else None


def _of_kind(
    document: Document, kind: Kind, overrides: Sequence[Override], diagnostics: list[Diagnostic], vault: Vault
) -> tuple[Document, list[Diagnostic]]:
    """The document with overrides and converted scalars; adds warnings for numerals with a leading zero."""
    written = overlaid(kind, document.data, overrides)
    for path in written:
        document.parsed.forget(path)
    document = replace(document, kind=kind, overridden=frozenset(written))
    diagnostics += settled(schema_name(kind), document, vault)
    as_declared(schema_name(kind), document.data, document.parsed)
    for zero in islice(leading_zeros(schema_name(kind), document.data, document.parsed), MAX_FAULTS):
        text = shown(document.get(*zero))
        summary = f"`{dotted(zero)}` is read as the text {text} because of its leading zero"
        fault = Fault(path=zero, summary=summary, detail="Quote it, or remove the zero.", severity=Severity.WARNING)
        diagnostics.append(document.diagnostic("yaml-leading-zero", fault))
    return document, diagnostics


def _document(path: Path, file: str, text: str, templates: Templates) -> tuple[Document, list[Diagnostic]]:
    rendered = render(text, file, templates)
    try:
        parsed = parse(rendered.text, file)
    except SpecError as error:
        raise SpecError([_in_template(item, rendered) for item in error.diagnostics]) from None
    faults = [*statements_in_comments(text, file), *(_in_template(item, rendered) for item in parsed.faults)]
    data = parsed.data if isinstance(parsed.data, dict) else {}
    if parsed.data is not None and not isinstance(parsed.data, dict):
        faults.append(_not_a_map(rendered, parsed))
    return Document(file=file, folder=path.parent, rendered=rendered, parsed=parsed, data=data), faults


def _not_a_map(rendered: Rendered, parsed: Parsed) -> Diagnostic:
    place = Location(file=rendered.file, line=parsed.line_column(())[0], column=parsed.line_column(())[1])
    summary = f"the file contains {shown(parsed.data)}, not a map of fields"
    plain = Diagnostic(severity=Severity.ERROR, code="wrong-type", summary=summary, location=place)
    return _in_template(plain, rendered)


def _in_template(item: Diagnostic, rendered: Rendered) -> Diagnostic:
    """A diagnostic about rendered text, moved to the template."""
    place = rendered.locate(item.location.line, item.location.column)
    if place:
        return replace(item, location=place)
    number = item.location.line
    note = f"(The line in the template is unknown; line {number} of the rendered text is: {rendered.line(number)})"
    return replace(item, location=Location(file=rendered.file), detail=f"{item.detail} {note}".strip())
