"""Secrets in templates: a mark goes into the text, and the value stays here until entities are built.

So no message, position, quote, cut or encoding can show a value, and its characters cannot break a file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NoReturn

from deployer.core.secret_marks import DIGITS, FIRST, LAST, MARK, RESERVED, TAKEN, has_marks

SHORTEST_SECRET = 4
CURE = (
    "A secret can be printed, joined with `~` or `+`, passed to `tojson` and `b64encode`, and tested with `is defined` "
    "and `is none`. Decide by another variable, and set the secret as it is needed."
)


class MarkUsed(Exception):
    """A template asks for the value behind a mark, and would decide by it or change it."""


class UnknownMark(Exception):
    """A text has characters of marks in it that no function of this run put there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a mark stands for: `call` is how templates got it; `escaped` is how often it was written as JSON.

    `looks_secret` are variables that nobody declared to be secrets: they are legal everywhere.
    """

    call: str
    value: str = field(repr=False)
    looks_secret: bool = False
    escaped: int = 0

    def opened(self, *, quoted: bool) -> str:
        """The value, as it stands in a scalar of YAML; `quoted` are those whose double quotes YAML has read."""
        text = self.value
        for _ in range(self.escaped - 1 if quoted else self.escaped):
            text = json.dumps(text)[1:-1]
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """The secrets of one run by their marks. A mark is a digest with a random key, so that nothing can be forged."""

    key: bytes = field(default_factory=lambda: os.urandom(32), repr=False)
    entries: dict[str, Entry] = field(default_factory=dict, repr=False)

    @property
    def secrets(self) -> frozenset[str]:
        """The values to mask in what the service says of them, but for those too short to be found in a text."""
        return frozenset(entry.value for entry in self.entries.values() if len(entry.value) >= SHORTEST_SECRET)

    def mark(self, entry: Entry) -> str:
        """The mark of an entry, always the same in this run."""
        content = json.dumps([entry.call, entry.value, entry.looks_secret, entry.escaped]).encode()
        digest = hashlib.blake2b(content, key=self.key, digest_size=12).hexdigest()
        mark = FIRST + "".join(DIGITS[int(digit, 16)] for digit in digest) + LAST
        self.entries[mark] = entry
        return mark

    def entries_in(self, text: str) -> list[Entry]:
        """What the marks in a text stand for. Raises UnknownMark for other characters of marks."""
        if RESERVED.search(MARK.sub("", text)):
            raise UnknownMark(TAKEN)
        return [self._entry(match[0]) for match in MARK.finditer(text)]

    def opened(self, text: str, *, quoted: bool = False) -> str:
        """The text with values in place of its marks."""
        return self._replaced(text, lambda entry: entry.opened(quoted=quoted))

    def escaped(self, text: str) -> str:
        """The text with marks that open to what stands between the quotes of JSON."""
        return self._replaced(text, lambda entry: self.mark(replace(entry, escaped=entry.escaped + 1)))

    def in_base64(self, text: str) -> str:
        """The mark of a whole text in base64."""
        raw = base64.b64encode(self.opened(text).encode()).decode()
        calls = dict.fromkeys(entry.call for entry in self.entries_in(text))
        soft = all(entry.looks_secret for entry in self.entries_in(text))
        return self.mark(Entry(call=", ".join(calls), value=raw, looks_secret=soft))

    def _replaced(self, text: str, write: Callable[[Entry], str]) -> str:
        self.entries_in(text)
        return MARK.sub(lambda match: write(self._entry(match[0])), text)

    def _entry(self, mark: str) -> Entry:
        if mark not in self.entries:
            raise UnknownMark(TAKEN)
        return self.entries[mark]


class Mark:
    """A text with marks in it, as templates see it: it can be printed and joined, and nothing else."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __add__(self, other: object) -> Mark:
        return Mark(self.text + _text(other))

    def __radd__(self, other: object) -> Mark:
        return Mark(_text(other) + self.text)

    def _refuse(self, *_: object) -> NoReturn:
        raise MarkUsed

    # `repr` too: it is what a list or a map prints of what is in it
    __repr__ = __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = __int__ = __float__ = __index__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = __abs__ = __round__ = __neg__ = __mod__ = _refuse
    __mul__ = __rmul__ = __sub__ = __truediv__ = __floordiv__ = __pow__ = __rmod__ = _refuse


def _text(value: object) -> str:
    if isinstance(value, str | Mark):
        return str(value)
    raise MarkUsed


def as_mark(text: str) -> str | Mark:
    """A text as templates may see it: a Mark if there are marks in it."""
    return Mark(text) if has_marks(text) else text
