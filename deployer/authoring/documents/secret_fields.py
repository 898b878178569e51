"""Where the secrets of a document stand: in free text they stay marks, elsewhere they are misplaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from deployer.authoring.documents.document import Document, Fault, FieldPath, at, dotted
from deployer.authoring.text.secrets import Entry, Mark, UnknownMark, Vault
from deployer.core.diagnostics import Diagnostic, Severity
from deployer.core.errors import SpecError
from deployer.core.fields import is_free_text
from deployer.core.redaction import MASK
from deployer.core.sealed import Sealed
from deployer.core.secret_marks import TAKEN, has_marks, without_marks

MISPLACED = "secret-misplaced"
WHERE = "It is legal where a field takes free text: environment variables, tags, properties and descriptions."


def settled(schema: str, document: Document, vault: Vault) -> list[Diagnostic]:
    """Put what only looks like a secret in plain into fields that are not free text, in place; a warning for each.

    Raises SpecError for secrets there, and for characters of marks that no secret put there.
    """
    if not _may_have_marks(document):
        return []
    warnings, errors = list[Diagnostic](), list[Diagnostic]()
    for path, text, on_key in list(_marked_texts(document.data, ())):
        for fault in _faults(schema, path, text, on_key, vault):
            found = document.diagnostic(MISPLACED, fault)
            (errors if fault.severity.stops else warnings).append(found)
        if not on_key and not errors and not is_free_text(schema, path):
            at(document.data, path[:-1])[path[-1]] = vault.opened(text)
    if errors:
        raise SpecError(errors)
    return warnings


def _may_have_marks(document: Document) -> bool:
    """A cheap look: marks are in the text, or in what `--set` gave, or written as an escape."""
    return bool(document.overridden) or has_marks(document.rendered.text) or "\\" in document.rendered.text


def _faults(schema: str, path: FieldPath, text: str, on_key: bool, vault: Vault) -> Iterator[Fault]:
    try:
        entries = vault.entries_in(text)
    except UnknownMark:
        yield Fault(path=path, on_key=on_key, code="template-error", summary=TAKEN)
        return
    if on_key or not is_free_text(schema, path):
        yield from (_misplaced(entry, path, on_key) for entry in dict.fromkeys(entries))


def _misplaced(entry: Entry, path: FieldPath, on_key: bool) -> Fault:
    if on_key:
        place = f"`{dotted(path[:-1]) or 'the file'}`"
        return Fault(path=path[:-1], summary=f"{entry.call} is a secret and stands in a key of {place}", detail=WHERE)
    soft = entry.looks_secret
    summary = f"{entry.call} {'looks like' if soft else 'is'} a secret, and `{dotted(path)}` shows it to everybody"
    return Fault(path=path, summary=summary, detail=WHERE, severity=Severity.WARNING if soft else Severity.ERROR)


def _marked_texts(value: Any, path: FieldPath) -> Iterator[tuple[FieldPath, str, bool]]:
    """Every text with marks in it, with its path and whether it is the key there."""
    match value:
        case str() if has_marks(value):
            yield path, value, False
        case dict():
            for key, item in value.items():
                if has_marks(key):
                    yield (*path, key), key, True
                yield from _marked_texts(item, (*path, key))
        case list():
            for index, item in enumerate(value):
                yield from _marked_texts(item, (*path, index))


def opened(document: Document, vault: Vault) -> Document:
    """The document with values in place of marks, for `render --show-secrets` alone."""
    return _with_secrets(document, lambda path, text: vault.opened(text, quoted=path in document.parsed.quoted))


def sealed(document: Document, vault: Vault) -> Document:
    """The document with sealed texts in place of those with marks; in extension keys, which stay here, with values."""

    def sealing(path: FieldPath, text: str) -> str | Sealed:
        value = vault.opened(text, quoted=path in document.parsed.quoted)
        return value if str(path[0]).startswith("x-") else Sealed(opened=value, shown=without_marks(text, MASK))

    return _with_secrets(document, sealing)


def _with_secrets(document: Document, written: Callable[[FieldPath, str], str | Sealed]) -> Document:
    return replace(document, data=_written(document.data, (), written)) if _may_have_marks(document) else document


def with_marks(value: Any) -> Any:
    """Data of a document as templates may see it: texts with marks in them are Marks."""
    return _written(value, (), lambda _, text: Mark(text))


def _written(value: Any, path: FieldPath, written: Callable[[FieldPath, str], object]) -> Any:
    match value:
        case str() if has_marks(value):
            return written(path, value)
        case dict():
            return {key: _written(item, (*path, key), written) for key, item in value.items()}
        case list():
            return [_written(item, (*path, index), written) for index, item in enumerate(value)]
        case _:
            return value
