"""Problems in spec files with their places, as values: validators return them, reports print them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never


class Severity(StrEnum):
    """The severity of a diagnostic."""

    ERROR = "error"
    WARNING = "warning"

    @property
    def stops(self) -> bool:
        """Whether such a diagnostic stops a command."""
        match self:
            case Severity.ERROR:
                return True
            case Severity.WARNING:
                return False
        assert_never(self)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Location:
    """A place in a file: path relative to the project, line and column counted from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One problem in one file.

    `code` is stable and has a page (`deployer explain CODE`), `summary` is one sentence, `detail` says how to fix it,
    `path` is the dotted path of the field, or "".
    """

    severity: Severity
    code: str
    summary: str
    location: Location
    detail: str = ""
    path: str = ""

    def __str__(self) -> str:
        return f"{self.location}: {self.severity}: {self.summary} [{self.code}]"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PassedOver:
    """A file that was not checked: what it is instead of a spec, with its article, and the code of that as an error."""

    file: str
    what: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was looked at, and the problems found in it, sorted by place."""

    diagnostics: tuple[Diagnostic, ...]
    checked: tuple[str, ...] = ()
    passed: tuple[PassedOver, ...] = ()
