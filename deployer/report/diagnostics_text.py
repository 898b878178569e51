"""Diagnostics as text: sorted, without secrets, each with its line of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from deployer.core.diagnostics import Diagnostic, Examined, Severity
from deployer.core.redaction import Mask, mask_of
from deployer.report.format import WIDTH, count, styled, wrapped

LITERAL_SECRET = "literal-secret"  # noqa: S105 - a code; its line is not shown


def shown(diagnostics: Sequence[Diagnostic], mask: Mask) -> tuple[Diagnostic, ...]:
    """The diagnostics by file, line and column (errors before warnings at the same place), with masked texts."""
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
    """The number of errors; the rest are warnings."""
    return sum(item.severity.stops for item in diagnostics)


def tally(diagnostics: Sequence[Diagnostic]) -> str:
    """ "2 errors and 1 warning in 2 files."."""
    wrong = errors(diagnostics)
    kinds = [count(n, word) for n, word in ((wrong, "error"), (len(diagnostics) - wrong, "warning")) if n]
    return f"{' and '.join(kinds)} in {count(len({item.location.file for item in diagnostics}), 'file')}."


def diagnostics_text(
    diagnostics: Sequence[Diagnostic],
    *,
    sources: Mapping[str, str] | None = None,
    secrets: frozenset[str] = frozenset(),
    color: bool = False,
    width: int = WIDTH,
) -> str:
    """Diagnostics by place, each with its detail and its line from `sources` (file -> text), then a count.

    "" if there are none.
    """
    if not diagnostics:
        return ""
    mask = mask_of(secrets)
    in_order = shown(diagnostics, mask)
    secret_lines = {_line(item) for item in in_order if item.code == LITERAL_SECRET}
    texts = ("" if _line(item) in secret_lines else (sources or {}).get(item.location.file, "") for item in in_order)
    found = [_diagnostic(item, text, mask, color, width) for item, text in zip(in_order, texts, strict=True)]
    return "\n".join("\n".join(lines) for lines in found) + f"\n\n{tally(diagnostics)}\n"


MOST_NAMED = 12


def looked_at(looked: Examined) -> str:
    """What was checked and what was passed over, each with what it is: "checked 2 files, passed over 1: ...".

    Without an error in them, the specs are valid.
    """
    valid = "" if errors(looked.diagnostics) else "The specs are valid: "
    text = f"{valid}checked {count(len(looked.checked), 'file')}"
    if not looked.passed:
        return f"{text}.\n"
    lines = [f"  {item.file}: {item.what}" for item in looked.passed[:MOST_NAMED]]
    more = len(looked.passed) - len(lines)
    lines += [f"  and {count(more, 'more file')}"] if more else []
    return "\n".join([f"{text}, passed over {len(looked.passed)}:", *lines]) + "\n"


def _line(item: Diagnostic) -> tuple[str, int]:
    return item.location.file, item.location.line


def _diagnostic(item: Diagnostic, text: str, mask: Mask, color: bool, width: int) -> Iterator[str]:
    place = styled(str(item.location), "bold", color=color)
    label = styled(item.severity.value, _colour(item.severity), color=color)
    yield f"{place}: {label}: {item.summary} [{item.code}]"
    yield from _source(item, text, mask, color)
    for paragraph in item.detail.splitlines():
        yield from wrapped(paragraph, width, "    ")


def _colour(severity: Severity) -> str:
    match severity:
        case Severity.ERROR:
            return "red"
        case Severity.WARNING:
            return "yellow"
    assert_never(severity)


def _source(item: Diagnostic, text: str, mask: Mask, color: bool) -> Iterator[str]:
    """The line, and a caret below its column; nothing if the line is not available or contains a secret."""
    lines = text.splitlines()
    if not 0 < item.location.line <= len(lines):
        return
    line, column = lines[item.location.line - 1].replace("\t", " ").rstrip(), item.location.column
    if not line.strip() or mask.line(line) != line or column > len(line) + 1:
        return
    first = max(0, column - 60)
    number = f"{item.location.line:>5} | "
    yield styled(f"{number}{line[first : first + 100]}", "dim", color=color)
    yield f"{' ' * (len(number) - 2)}| {' ' * (column - 1 - first)}{styled('^', 'red', color=color)}"
