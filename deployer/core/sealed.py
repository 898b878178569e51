"""A text with secrets in it, as a value of a field: it compares like the text, and shows none of it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sealed:
    """`opened` is the text, `shown` the same with its secrets masked. Equal to whatever is, or opens to, that text."""

    opened: str = field(repr=False)
    shown: str

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        return repr(self.shown)

    def __eq__(self, other: object) -> bool:
        return self.opened == (other.opened if isinstance(other, Sealed) else other)

    def __hash__(self) -> int:
        return hash(self.opened)
