"""The verdicts of gates as a table: what was measured, on how many requests, against what, from which minutes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from deployer.core.judgement import Judged, Unit, Verdict
from deployer.core.metrics import Span
from deployer.report.format import milliseconds, rate

_HEADINGS = ("gate", "deployment", "measured", "passes", "compared with", "requests", "verdict")


def judged_table(rows: Sequence[Judged]) -> list[str]:
    """The lines of the table, without colours; none without rows."""
    if not rows:
        return []
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return [*lines, f"measured {minutes(rows[0].span)}"]


def _cells(row: Judged) -> tuple[str, ...]:
    compared = (
        f"{row.beside}: {amount(row.against, row.unit)} of {row.against_requests:,}" if row.against is not None else ""
    )
    bound = "at least" if row.unit is Unit.REQUESTS else "up to"
    known = row.requests > 0 and not (row.verdict is Verdict.INCONCLUSIVE and row.unit is Unit.MILLISECONDS)
    return (
        row.gate,
        row.deployment,
        amount(row.measured, row.unit) if known else "-",
        f"{bound} {amount(row.limit, row.unit)}" if known or row.unit is Unit.REQUESTS else "-",
        compared or (f"{row.beside}: too few requests" if row.beside else "-"),
        f"{row.requests:,}",
        row.verdict.value,
    )


def amount(value: float, unit: Unit) -> str:
    """A measured value with its unit: "0.5 %", "120 ms", "512"."""
    match unit:
        case Unit.SHARE:
            return rate(value)
        case Unit.MILLISECONDS:
            return milliseconds(value)
        case Unit.REQUESTS:
            return f"{value:,.0f}"
    assert_never(unit)


def minutes(span: Span) -> str:
    """ "from 21:04 to 21:09 UTC", with seconds where the grains are shorter than a minute."""
    return f"from {_clock(span.start, span.grain)} to {_clock(span.end, span.grain)} UTC"


def _clock(at: float, grain: float) -> str:
    whole = int(at) % 86_400
    text = f"{whole // 3600:02}:{whole // 60 % 60:02}"
    return text if grain % 60 == 0 else f"{text}:{whole % 60:02}"
