"""Options of `plan` and `apply` beyond the specs; a saved plan stores them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Allow(StrEnum):
    """A refusal that the user has lifted by a flag; the value is its name in a saved plan."""

    OUTAGE = "outage"
    """An endpoint with traffic may end up without any."""

    ADOPT = "adopt"
    """What carries no project's tag may be taken over, or be deleted with its endpoint."""

    DELETES = "deletes"
    """A plan may delete a large part of the project."""

    AGAIN = "again"
    """Content that failed its smoke test may be tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The only endpoint ("": all), overrides (`a.b=c`), pruning, and lifted refusals.

    `outside` are folders beside the project that specs may name files in.

    Applying a saved plan makes the plan again with the same options.
    """

    endpoint: str = ""
    overrides: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    prune: bool = False
    allow: frozenset[Allow] = frozenset()
