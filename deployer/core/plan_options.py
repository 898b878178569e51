"""What was asked for beside the specs, as `plan` and `apply` take it and a saved plan remembers it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Allow(StrEnum):
    """A refusal that the user lifted, each by a flag of its own; the value is how a saved plan writes it."""

    OUTAGE = "outage"
    """An endpoint that serves may end without traffic."""

    ADOPT = "adopt"
    """Endpoints that carry no project's tag may be taken over."""

    DELETES = "deletes"
    """A plan may delete a large part of the project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One endpoint only ("": all), overrides (`a.b=c`), pruning, and the refusals that were lifted.

    A saved plan is made again with the same ones.
    """

    endpoint: str = ""
    overrides: tuple[str, ...] = ()
    prune: bool = False
    allow: frozenset[Allow] = frozenset()
