"""What is wrong with a text, and where: the values that validators return and reports print."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never


class Severity(StrEnum):
    """How bad a diagnostic is."""

    ERROR = "error"
    WARNING = "warning"

    @property
    def stops(self) -> bool:
        """Whether nothing may be planned while there is such a diagnostic."""
        match self:
            case Severity.ERROR:
                return True
            case Severity.WARNING:
                return False
        assert_never(self)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Location:
    """A place in a file as the author sees it: the path relative to the project, line and column from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One defect of one text.

    `code` is stable and has a page of its own (`deployer explain CODE`), `summary` is one sentence,
    `detail` says what to write instead, `path` is the dotted path of the field where there is one.
    """

    severity: Severity
    code: str
    summary: str
    location: Location
    detail: str = ""
    path: str = ""

    def __str__(self) -> str:
        return f"{self.location}: {self.severity}: {self.summary} [{self.code}]"
