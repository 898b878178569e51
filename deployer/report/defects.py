"""Diagnostics as they are shown: in order, without secrets, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deployer.diagnostics import Diagnostic, Severity
from deployer.report.redaction import Mask
from deployer.report.words import count


def shown(diagnostics: Sequence[Diagnostic], mask: Mask) -> tuple[Diagnostic, ...]:
    """The diagnostics by file, line and column (errors before warnings on one place), every text in them masked."""
    in_order = sorted(diagnostics, key=lambda item: (item.location, item.severity, item.code, item.summary))
    return tuple(
        replace(
            item,
            code=mask.line(item.code),
            summary=mask.line(item.summary),
            detail=mask(item.detail),
            path=mask.line(item.path),
            location=replace(item.location, file=mask.line(item.location.file)),
        )
        for item in in_order
    )


def errors(diagnostics: Sequence[Diagnostic]) -> int:
    """How many of them stop; the rest are warnings."""
    return sum(item.severity is Severity.ERROR for item in diagnostics)


def tally(diagnostics: Sequence[Diagnostic]) -> str:
    """ "2 errors and 1 warning in 2 files."."""
    wrong = errors(diagnostics)
    kinds = [count(n, word) for n, word in ((wrong, "error"), (len(diagnostics) - wrong, "warning")) if n]
    return f"{' and '.join(kinds)} in {count(len({item.location.file for item in diagnostics}), 'file')}."
