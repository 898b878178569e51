"""What a reviewer decides from, as Markdown: tables that every platform renders, the traffic as bars of text."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.planning.capacity import Capacity, Machines
from deployer.report.format import count
from deployer.report.markdown_text import cell, code, prose
from deployer.report.review_view import CodeRow, ImpactRow, ModelRow, ReviewView, Shares

BAR = 10
MOST_ROWS = 60
"""Rows of a table: a comment with more is read by nobody, and has to leave room for the rest."""


def review_parts(review: ReviewView) -> Iterator[str]:
    """The parts of a comment, each a block that stands alone."""
    if review.impacts:
        yield _impacts(review.impacts)
    yield from (_traffic(shares) for shares in review.traffic[:MOST_ROWS])
    facts = [*_machines(review.machines), *_one("Cost", review.cost), *_one("Time", review.minutes)]
    if facts:
        yield "\n" + "".join(facts)
    if review.models:
        yield _models(review.models)
    if review.code:
        yield "\n**Code**\n\n" + "".join(map(_code, review.code))
    if review.undo:
        yield "\n**How to take it back**\n\n" + "".join(f"- {prose_with_code(line)}\n" for line in review.undo)


def _impacts(rows: tuple[ImpactRow, ...]) -> str:
    head = "\n| | resource | change | what clients notice | risk |\n|---|---|---|---|---|\n"
    lines = [
        f"| {code(row.symbol)} | {cell(row.resource)} | {prose(row.change)} | {prose(row.notice)} | {_risk(row)} |\n"
        for row in rows[:MOST_ROWS]
    ]
    more = len(rows) - MOST_ROWS
    return head + "".join(lines) + (f"\n{count(more, 'more step')} below.\n" if more > 0 else "")


def _risk(row: ImpactRow) -> str:
    return f"**{row.risk}**" if row.risk == "high" else row.risk


def _traffic(shares: Shares) -> str:
    """A table with a column for each stage."""
    head = f"\n**Traffic of {code(shares.endpoint)}**\n\n| | {' | '.join(map(prose, shares.stages))} |\n"
    head += "|---" * (len(shares.stages) + 1) + "|\n"
    rows = (
        f"| {cell(name)} | {' | '.join(_bar(share) for share in by_stage)} |\n"
        for name, by_stage in shares.shares.items()
    )
    return head + "".join(rows)


def _bar(share: int) -> str:
    filled = round(share * BAR / 100)
    return f"`{'█' * filled}{'·' * (BAR - filled)}` {share} %"


def _machines(rows: tuple[Capacity, ...]) -> Iterator[str]:
    if rows:
        yield "| machines | before | at the peak | after |\n|---|---|---|---|\n"
    for row in rows:
        yield f"| {prose(row.before.size)} | {' | '.join(map(_instances, (row.before, row.peak, row.after)))} |\n"
    if rows:
        yield "\n"


def _instances(machines: Machines) -> str:
    cores = "quota not known" if machines.cores is None else f"{machines.cores} cores of quota"
    return f"{machines.instances} ({cores})" if machines.instances else "0"


def _one(name: str, text: str) -> Iterator[str]:
    if text:
        yield f"**{name}**: {prose(text)}\n\n"


def _models(rows: tuple[ModelRow, ...]) -> str:
    head = "\n| model of | before | after | what is known of it |\n|---|---|---|---|\n"
    return head + "".join(
        f"| {cell(row.deployment)} | {cell(row.before)} | {cell(row.after)} | {prose(row.about)} |\n" for row in rows
    )


def _code(row: CodeRow) -> str:
    files = ", ".join(map(code, row.files)) if row.files else "content differs, files unknown"
    return f"- {code(row.folder)} of {code(row.deployment)}, since {prose(row.beside)}: {files}\n"


def prose_with_code(text: str) -> str:
    """A sentence of ours, in which the words between backticks are code."""
    pieces = text.split("`")
    return "".join(code(piece) if number % 2 else _kept(piece) for number, piece in enumerate(pieces))


def _kept(piece: str) -> str:
    """A piece of a sentence with the blanks that part it from its neighbours."""
    before, after = piece[: len(piece) - len(piece.lstrip())], piece[len(piece.rstrip()) :]
    return f"{before}{prose(piece)}{after}" if piece.strip() else piece
