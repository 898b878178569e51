"""Plans and outcomes as text for a terminal; colour adds no information."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from deployer.core.action import Action
from deployer.core.outcome import Result
from deployer.report.format import WIDTH, seconds, styled, with_short_names, wrapped
from deployer.report.judged_table import judged_table
from deployer.report.outcome_view import Failure, OutcomeView, ResultRow
from deployer.report.plan_view import ChangeRow, FindingRow, PlanView, StepRow

_LONGEST_PATH = 44


def plan_text(view: PlanView, *, color: bool = False, width: int = WIDTH) -> str:
    """The plan as a diff: steps in order of execution, findings, resources in no spec, and the summary line."""
    blocks = ["\n".join(_step(row, color, width)) for row in view.steps]
    blocks += ["\n".join(_finding(row, color, width)) for row in view.findings]
    if view.orphans:
        blocks.append("\n".join(_orphans(view, width)))
    return with_short_names("\n\n".join([*blocks, styled(view.summary, "bold", color=color)]) + "\n")


def _step(row: StepRow, color: bool, width: int) -> Iterator[str]:
    symbol = styled(f"{row.symbol:>3}", _action_colour(Action(row.symbol)), color=color)
    about = "; ".join(filter(None, (row.effect, row.origin)))
    comment = styled(f"  # {about}" if about else "", "dim", color=color)
    yield f"{symbol} {styled(row.words, 'bold', color=color)}{comment}"
    if row.reason:
        yield from (styled(line, "dim", color=color) for line in wrapped(f"# {row.reason}", width, "      "))
    yield from _changes(row, color)
    for sentence in row.sentences:
        yield from wrapped(sentence, width, "      ")


def _changes(row: StepRow, color: bool) -> Iterator[str]:
    """One line per field, with values aligned unless the path is very long."""
    paths = min(_LONGEST_PATH, max((len(change.path) for change in row.changes), default=0))
    for change in row.changes:
        sign = _sign(row, change)
        mark = styled(sign.value, _action_colour(sign), color=color)
        yield f"      {mark} {change.path + ':':<{paths + 1}} {_values(change)}{_comment(row, change, color)}"


def _sign(row: StepRow, change: ChangeRow) -> Action:
    """The action on one field."""
    if change.before:
        return Action.UPDATE
    return Action.DELETE if row.symbol == Action.DELETE else Action.CREATE


def _action_colour(action: Action) -> str:
    match action:
        case Action.CREATE:
            return "green"
        case Action.UPDATE:
            return "yellow"
        case Action.REPLACE | Action.DELETE:
            return "red"
        case Action.TEST:
            return "cyan"
    assert_never(action)


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
        yield from wrapped(paragraph, width, "    ")


def _orphans(view: PlanView, width: int) -> Iterator[str]:
    yield from wrapped("No longer in any spec, but tagged with this project; `--prune` deletes them:", width, "")
    yield from (f"    {name}" for name in view.orphans)


def outcome_text(view: OutcomeView, *, color: bool = False, told: bool = False) -> str:
    """The results by kind, the summary, the scoring URIs and the next command.

    What was done is left out if it was `told` line by line while it happened.
    """
    kinds = [result for result in Result if not (told and result is Result.APPLIED)]
    blocks = [
        *(_block(result, view.results, color) for result in kinds),
        [styled(view.summary, "bold", color=color)],
        [f"{name} answers at {uri}" for name, uri in view.uris.items()],
        [f"Next: {view.next_command}"] if view.next_command else [],
    ]
    return with_short_names("\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n")


def _block(result: Result, rows: Sequence[ResultRow], color: bool) -> list[str]:
    lines = [line for row in rows if row.result == result for line in _lines(row, color)]
    return [f"{_heading(result)}:", *lines] if lines else []


def _heading(result: Result) -> str:
    match result:
        case Result.APPLIED:
            return "Done"
        case Result.FAILED:
            return "Failed"
        case Result.UNDONE:
            return "Undone"
        case Result.SKIPPED:
            return "Not done"
    assert_never(result)


def _result_colour(result: Result) -> str:
    match result:
        case Result.APPLIED:
            return "green"
        case Result.FAILED:
            return "red"
        case Result.UNDONE | Result.SKIPPED:
            return "yellow"
    assert_never(result)


def _lines(row: ResultRow, color: bool) -> Iterator[str]:
    took = f"{seconds(row.seconds):>10}  " if row.seconds else " " * 12
    words = styled(row.words, _result_colour(Result(row.result)), color=color)
    origin = f"  # {row.origin}" if row.failure and row.origin else ""
    yield f"{took}{words}{f': {row.note}' if row.note else ''}{styled(origin, 'dim', color=color)}"
    if row.failure:
        yield from (f"{' ' * 12}{line}" for line in _reasons(row.failure, color))
    yield from (f"{' ' * 12}{line}" for line in judged_table(row.judged))


def _reasons(failure: Failure, color: bool) -> Iterator[str]:
    code = f" [{failure.code}]" if failure.code else ""
    yield from f"{failure.message}{code}".splitlines()
    yield from failure.hint.splitlines()
    if failure.correlation_id:
        yield f"correlation ID for Azure support: {failure.correlation_id}"
    if failure.log:
        yield styled("┌ last lines of the container's log", "dim", color=color)
        yield from (f"{styled('│', 'dim', color=color)} {line}" for line in failure.log)
        yield styled("└", "dim", color=color)
