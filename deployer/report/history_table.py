"""The history of endpoints: each deployment and revision with content, model, when, by whom, and verdict."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from deployer.core.resources import Ref, Resource, State, endpoint_ref
from deployer.planning.revisions import hash_of, logical_name
from deployer.planning.verdicts import Standing, marks
from deployer.report.format import short_commit, styled, with_short_names

VERSION = "1.1"
_HEADINGS = (
    "deployment",
    "revision",
    "content",
    "traffic",
    "verdict",
    "model",
    "environment",
    "commit",
    "created",
    "by",
)


def history_text(
    live: State, names: frozenset[str], standings: Mapping[Ref, Standing] = {}, *, color: bool = False
) -> str:
    """One block for each endpoint, its newest deployments first."""
    blocks = ["\n".join(_endpoint(live, name, standings, color)) for name in sorted(names | set(live.endpoints()))]
    return "\n\n".join(blocks) + "\n" if blocks else "The specs declare no endpoint.\n"


def history_json(live: State, names: frozenset[str], standings: Mapping[Ref, Standing] = {}) -> str:
    """The same as JSON (schemas/output/history.schema.json): the cells of the table, by their headings."""
    endpoints = [
        {
            "name": name,
            "deployments": [dict(zip(_HEADINGS, _cells(item, live, standings), strict=True)) for item in there],
        }
        for name in sorted(names | set(live.endpoints()))
        for there in [_newest_first(live, name)]
    ]
    document = {"format_version": VERSION, "kind": "history", "endpoints": endpoints}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _newest_first(live: State, name: str) -> list[Resource]:
    return sorted(live.deployments(name), key=lambda item: (logical_name(item), item.seen.created), reverse=True)


def _endpoint(live: State, name: str, standings: Mapping[Ref, Standing], color: bool) -> Iterator[str]:
    if live.get(endpoint_ref(name)) is None:
        yield f"{styled(name, 'bold', color=color)}  not deployed"
        return
    yield styled(name, "bold", color=color)
    found = (_cells(item, live, standings) for item in _newest_first(live, name))
    rows = [_HEADINGS, *(tuple(map(with_short_names, cells)) for cells in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cells(item: Resource, live: State, standings: Mapping[Ref, Standing]) -> tuple[str, ...]:
    return (
        logical_name(item),
        item.ref.name,
        hash_of(item),
        f"{live.split(item.ref.endpoint).get(item.ref.name, 0)} %",
        _verdict(item, live, standings.get(item.ref)),
        str(item.fields.get("model") or "-"),
        str(item.fields.get("environment") or "-"),
        short_commit(item.seen.bookkeeping.commit) or "-",
        item.seen.created[:19] or "-",
        item.seen.created_by or "-",
    )


def _verdict(item: Resource, live: State, standing: Standing | None) -> str:
    """The verdict on a deployment: as the specs have it, else as the marks of its endpoint say."""
    if standing not in (None, Standing.UNDECLARED):
        return standing.value
    noted = marks(item.ref, live)
    if item.ref.name in noted.failed:
        return Standing.FAILED.value
    return Standing.PASSED.value if item.ref.name in noted.tested else "-"
