"""Mask secrets by value, in all common encodings, and make control characters visible.

All external text in a report passes through a `Mask`, so that renderers need not care.
"""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import takewhile
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from deployer.core.sealed import Sealed
from deployer.core.secret_marks import without_marks

if TYPE_CHECKING:
    from deployer.core.resources import Value

MASK = "(sensitive)"

SHORTEST = 4
"""Shorter secrets are masked only if they are the whole text: inside other texts they would match everywhere."""

LONGEST_BEGINNING = 12
"""The beginning of a secret of this length is masked even where the rest of it is missing."""

SHORTEST_LINE = 8
SHORTEST_FRAGMENT = 6
_COLOUR = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """Secrets to mask: `whole` texts, and `parts` inside other texts."""

    whole: frozenset[str] = field(default=frozenset(), repr=False)
    parts: tuple[str, ...] = field(default=(), repr=False)

    def __call__(self, text: str) -> str:
        """The text with secrets masked and terminal control characters made visible; newlines and tabs stay."""
        return visible(self.hide(text))

    def line(self, text: str) -> str:
        """The same as one line: line ends and tabs are escaped too."""
        return self(text).replace("\n", "\\n").replace("\t", "\\t")

    def hide(self, text: str) -> str:
        """The text with every secret and every mark of one replaced, overlapping ones as one; idempotent."""
        if text in self.whole:
            return MASK
        hidden = MASK.join(self._hidden(piece) for piece in text.split(MASK))
        return without_marks(hidden, MASK)  # last: a secret can have characters of marks in it

    def _hidden(self, text: str) -> str:
        shown, end = [], 0
        for first, last in _merged(sorted(_places(text, self.parts))):
            shown += [text[end:first], MASK]
            end = last
        return "".join([*shown, text[end:]])

    def value(self, value: Value) -> Value:
        """Plain data with all texts masked at any depth, including keys."""
        match value:
            case str() | Sealed():
                return self.hide(str(value))
            case Mapping():
                return {self.hide(str(key)): self.value(item) for key, item in value.items()}
            case Sequence():
                return [self.value(item) for item in value]
            case _:
                return MASK if MASK in self.hide(json.dumps(value)) else value


def mask_of(secrets: frozenset[str]) -> Mask:
    """The mask for these secrets in all common encodings."""
    known = {secret for secret in secrets if secret.strip()}
    parts = {part for secret in known if len(secret) >= SHORTEST for part in _spellings(secret)}
    return Mask(whole=frozenset(known), parts=tuple(sorted(parts)))


def visible(text: str) -> str:
    """The text without terminal colours, and with other control and direction-changing characters escaped."""
    return text if text.isprintable() else "".join(_written(char) for char in _COLOUR.sub("", text))


def _written(char: str) -> str:
    if char in ("\n", "\t") or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        return char
    return f"\\u{ord(char):04x}" if ord(char) > 0xFF else f"\\x{ord(char):02x}"


def _spellings(secret: str) -> Iterator[str]:
    """The secret and its longer lines: plain and encoded for URLs, JSON, HTML, source text and base64."""
    lines = [line.strip() for line in secret.splitlines()]
    for text in {secret, secret.strip(), *(line for line in lines if len(line) >= SHORTEST_LINE)}:
        yield text
        yield from (quote(text, safe="", errors="replace"), quote(text, errors="replace"))
        yield quote_plus(text, errors="replace")
        yield from (
            json.dumps(text)[1:-1],
            json.dumps(text, ensure_ascii=False)[1:-1],
            repr(text)[1:-1],
            repr(text + "'\"")[1:-4],
        )
        yield from (escape(text), escape(text, quote=False), visible(text))
        yield from _base64(text.encode(errors="replace"))


def _base64(raw: bytes) -> Iterator[str]:
    """The secret in base64, and as a part of a longer base64 text in each of the three alignments."""
    yield from (base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode().rstrip("="))
    for shift in range(3):
        padded = bytes(shift) + raw
        certain = slice((0, 2, 3)[shift], len(padded) * 8 // 6)
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            fragment = encode(padded).decode()[certain]
            if len(fragment) >= SHORTEST_FRAGMENT:
                yield fragment


def _places(text: str, parts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The places of secrets, and of beginnings of them: another program may have cut the text."""
    for part in parts:
        head = part[:LONGEST_BEGINNING]
        first = text.find(head)
        while first >= 0:
            yield first, first + _shared(part, text, first)
            first = text.find(head, first + 1)


def _shared(part: str, text: str, first: int) -> int:
    """The number of characters of a secret that stand in the text from `first` on."""
    if text.startswith(part, first):
        return len(part)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(part, text[first:], strict=False)))


def _merged(places: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """Ordered places, with overlapping and adjacent ones as one."""
    merged: list[tuple[int, int]] = []
    for first, last in places:
        if merged and first <= merged[-1][1]:
            begin, end = merged.pop()
            merged.append((begin, max(end, last)))
        else:
            merged.append((first, last))
    return merged
