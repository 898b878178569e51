"""Plans, outcomes and diagnostics as text for a terminal; every one of them reads the same without colour."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from deployer.diagnostics import Diagnostic, Severity
from deployer.report.defects import shown, tally
from deployer.report.outcome import Failure, OutcomeView, ResultRow
from deployer.report.redaction import Mask, mask_of
from deployer.report.view import ChangeRow, FindingRow, PlanView, StepRow
from deployer.report.words import seconds

WIDTH = 100
COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
SYMBOL_COLOURS = {"+": "green", "~": "yellow", "-/+": "red", "-": "red", "?": "cyan"}
RESULT_COLOURS = {"applied": "green", "failed": "red", "skipped": "yellow", "undone": "yellow"}
_LONGEST_PATH = 44


def styled(text: str, colour: str, *, color: bool) -> str:
    """The text in a colour of `COLOURS`, or as it is."""
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if color and text else text


def plan_text(view: PlanView, *, color: bool = False, width: int = WIDTH) -> str:
    """The plan as a diff: steps in the order in which they run, findings, what is left alone, and the summary line."""
    blocks = ["\n".join(_step(row, color, width)) for row in view.steps]
    blocks += ["\n".join(_finding(row, color, width)) for row in view.findings]
    if view.orphans:
        blocks.append("\n".join(_orphans(view, width)))
    return "\n\n".join([*blocks, styled(view.summary, "bold", color=color)]) + "\n"


def _step(row: StepRow, color: bool, width: int) -> Iterator[str]:
    symbol = styled(f"{row.symbol:>3}", SYMBOL_COLOURS[row.symbol], color=color)
    about = "; ".join(filter(None, (row.effect, row.origin)))
    comment = styled(f"  # {about}" if about else "", "dim", color=color)
    yield f"{symbol} {styled(row.words, 'bold', color=color)}{comment}"
    if row.reason:
        yield from (styled(line, "dim", color=color) for line in _wrapped(f"# {row.reason}", width, "      "))
    yield from _changes(row, color)
    for sentence in row.sentences:
        yield from _wrapped(sentence, width, "      ")


def _changes(row: StepRow, color: bool) -> Iterator[str]:
    """One line per field, the values one below the other as far as paths are not overlong."""
    paths = min(_LONGEST_PATH, max((len(change.path) for change in row.changes), default=0))
    for change in row.changes:
        sign = _sign(row, change)
        mark = styled(sign, SYMBOL_COLOURS[sign], color=color)
        yield f"      {mark} {change.path + ':':<{paths + 1}} {_values(change)}{_comment(row, change, color)}"


def _sign(row: StepRow, change: ChangeRow) -> str:
    return "~" if change.before else "-" if row.symbol == "-" else "+"


def _values(change: ChangeRow) -> str:
    return f"{change.before} -> {change.after}" if change.before else change.after


def _comment(row: StepRow, change: ChangeRow, color: bool) -> str:
    effect = "" if change.effect == row.effect else change.effect
    words = "; ".join(filter(None, (change.note, effect)))
    return styled(f"  # {words}" if words else "", "dim", color=color)


def _finding(row: FindingRow, color: bool, width: int) -> Iterator[str]:
    label, colour = ("refused", "red") if row.blocking else ("note", "yellow")
    place = f"{row.origin}: " if row.origin else ""
    yield f"{place}{styled(label, colour, color=color)}: {row.summary} [{row.code}]"
    for paragraph in row.detail.splitlines():
        yield from _wrapped(paragraph, width, "    ")


def _orphans(view: PlanView, width: int) -> Iterator[str]:
    yield from _wrapped("In no spec, but carrying this project's tag; `--prune` deletes them:", width, "")
    yield from (f"    {name}" for name in view.orphans)


def _wrapped(text: str, width: int, indent: str) -> Sequence[str]:
    """The text in lines of at most `width`; what has no blanks is never broken, so that it can be copied."""
    return textwrap.wrap(
        text,
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def outcome_text(view: OutcomeView, *, color: bool = False) -> str:
    """What was done, what failed, what was not done, where the endpoint answers and the command to go on."""
    blocks = [
        _block("Done", view.results, ("applied",), color),
        _block("Failed", view.results, ("failed",), color),
        _block("Undone", view.results, ("undone",), color),
        _block("Not done", view.results, ("skipped",), color),
        [styled(view.summary, "bold", color=color)],
        [f"{name} answers at {uri}" for name, uri in view.uris.items()],
        [f"Next: {view.next_command}"] if view.next_command else [],
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def _block(heading: str, rows: Sequence[ResultRow], results: tuple[str, ...], color: bool) -> list[str]:
    chosen = [row for row in rows if row.result in results]
    lines = [line for row in chosen for line in _lines(row, color)]
    return [f"{heading}:", *lines] if lines else []


def _lines(row: ResultRow, color: bool) -> Iterator[str]:
    took = f"{seconds(row.seconds):>10}  " if row.seconds else " " * 12
    words = styled(row.words, RESULT_COLOURS[row.result], color=color)
    origin = f"  # {row.origin}" if row.failure and row.origin else ""
    yield f"{took}{words}{f': {row.note}' if row.note else ''}{styled(origin, 'dim', color=color)}"
    if row.failure:
        yield from (f"{' ' * 12}{line}" for line in _reasons(row.failure, color))


def _reasons(failure: Failure, color: bool) -> Iterator[str]:
    code = f" [{failure.code}]" if failure.code else ""
    yield from f"{failure.message}{code}".splitlines()
    yield from failure.hint.splitlines()
    if failure.correlation_id:
        yield f"correlation id for Azure support: {failure.correlation_id}"
    if failure.log:
        yield styled("┌ last lines of the container's log", "dim", color=color)
        yield from (f"{styled('│', 'dim', color=color)} {line}" for line in failure.log)
        yield styled("└", "dim", color=color)


def diagnostics_text(
    diagnostics: Sequence[Diagnostic],
    *,
    sources: Mapping[str, str] | None = None,
    secrets: frozenset[str] = frozenset(),
    color: bool = False,
    width: int = WIDTH,
) -> str:
    """Diagnostics by place, each with what to write instead and its line of `sources` (file -> text), then a count.

    "" when there are none.
    """
    if not diagnostics:
        return ""
    mask = mask_of(secrets)
    found = [_diagnostic(item, sources or {}, mask, color, width) for item in shown(diagnostics, mask)]
    return "\n".join("\n".join(lines) for lines in found) + f"\n\n{tally(diagnostics)}\n"


def _diagnostic(item: Diagnostic, sources: Mapping[str, str], mask: Mask, color: bool, width: int) -> Iterator[str]:
    colour = "red" if item.severity is Severity.ERROR else "yellow"
    place = styled(str(item.location), "bold", color=color)
    label = styled(item.severity.value, colour, color=color)
    yield f"{place}: {label}: {item.summary} [{item.code}]"
    yield from _source(item, sources.get(item.location.file, ""), mask, color)
    for paragraph in item.detail.splitlines():
        yield from _wrapped(paragraph, width, "    ")


def _source(item: Diagnostic, text: str, mask: Mask, color: bool) -> Iterator[str]:
    """The line and a caret below its column; nothing where the line is not there or holds what must not be shown."""
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
