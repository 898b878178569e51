"""The `$filter` of metrics: conditions on dimensions, `deployment eq 'green' and statusCode eq '*'`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_CONDITION = re.compile(r"\s*(\w+)\s+(eq|ne)\s+'([^']*)'\s*", re.IGNORECASE)


class InvalidFilter(Exception):
    """A filter that makes no sense; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a filter wants of one dimension: some values, all of them, or all but some. Letter case is ignored."""

    values: frozenset[str] = frozenset()
    others_than: frozenset[str] = frozenset()
    everything: bool = False

    def takes(self, value: str) -> bool:
        """Whether series with this value are wanted."""
        if self.others_than:
            return value.lower() not in self.others_than
        return self.everything or value.lower() in self.values


@dataclass(slots=True)
class _Conditions:
    equal: set[str] = field(default_factory=set)
    other: set[str] = field(default_factory=set)


def parsed(text: str, dimensions: Sequence[str]) -> Mapping[str, Wanted]:
    """What is wanted of each dimension that a filter names, in its order. Raises InvalidFilter.

    `and` joins dimensions and `or` the values of one, as in
    https://learn.microsoft.com/rest/api/monitor/metrics/list#uri-parameters.
    """
    known = {name.lower(): name for name in dimensions}
    found: dict[str, _Conditions] = {}
    for part in re.split(r"\s+and\s+", text.strip(), flags=re.IGNORECASE):
        names = set()
        for condition in re.split(r"\s+or\s+", part.strip("() "), flags=re.IGNORECASE):
            match = _CONDITION.fullmatch(condition)
            if match is None:
                raise InvalidFilter(f"'{condition}' is not a condition such as deployment eq 'blue'")
            name = known.get(match[1].lower())
            if name is None:
                raise InvalidFilter(f"there is no dimension '{match[1]}'; there are: {', '.join(dimensions) or 'none'}")
            names.add(name)
            noted = found.setdefault(name, _Conditions())
            (noted.equal if match[2].lower() == "eq" else noted.other).add(match[3].lower())
        if len(names) > 1:
            raise InvalidFilter(f"'or' joins the values of one dimension, not {' and '.join(sorted(names))}")
    return {name: _wanted(noted) for name, noted in found.items()}


def _wanted(noted: _Conditions) -> Wanted:
    return Wanted(
        values=frozenset(noted.equal - {"*"}), others_than=frozenset(noted.other), everything="*" in noted.equal
    )
