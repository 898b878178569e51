"""Lines of container logs: those since a time, and those that are new since the last look."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

VERSION = "1.0"
_TIME = re.compile(r"^\W?(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)")
"""The beginning of a line of Microsoft's inference server, and of gunicorn, whose time is in brackets. In UTC."""


def lines_since(lines: Sequence[str], since: datetime) -> list[str]:
    """The lines written at `since` or later. A line without a time belongs to the one before it."""
    kept: list[str] = []
    recent = False
    for line in lines:
        written = _written(line)
        recent = recent if written is None else written >= since
        kept += [line] if recent else []
    return kept


def _written(line: str) -> datetime | None:
    found = _TIME.match(line)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=UTC)
    except ValueError:
        return None


def new_lines(before: Sequence[str], now: Sequence[str]) -> Sequence[str]:
    """The lines of `now` that come after those of `before`; both are the end of one growing log.

    Where they have nothing in common, all of `now` is new: the log was cut, or grew by more than was asked for.
    """
    for common in range(min(len(before), len(now)), 0, -1):
        if before[-common:] == now[:common]:
            return now[common:]
    return now


def labelled(name: str, lines: Sequence[str]) -> Iterator[str]:
    """The lines, each with the deployment that wrote it."""
    return (f"{name} | {line}" for line in lines)


def log_json(name: str, lines: Sequence[str]) -> Iterator[str]:
    """Each line as JSON of its own (schemas/output/log-line.schema.json), with its time if it has one."""
    for line in lines:
        written = _written(line)
        time = written.isoformat().replace("+00:00", "Z") if written else None
        said = {"format_version": VERSION, "kind": "log-line", "deployment": name, "time": time, "line": line}
        yield json.dumps(said, ensure_ascii=False)
