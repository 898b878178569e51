"""Secrets are masked by value, in whatever spelling they come; control characters become visible.

Everything that a report shows of somebody's text passes through a `Mask`, so that no renderer has to think of it.
"""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from deployer.core.resources import Value

MASK = "(sensitive)"

SHORTEST = 4
"""Secrets of fewer characters are masked where they are the whole text; inside of others they would eat every word."""

SHORTEST_LINE = 8
SHORTEST_FRAGMENT = 6
_COLOUR = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """What must not be shown: `whole` texts, and `parts` to be masked inside of others too."""

    whole: frozenset[str] = frozenset()
    parts: tuple[str, ...] = ()

    def __call__(self, text: str) -> str:
        """The text without secrets and without characters that would act on a terminal; newlines and tabs stay."""
        return visible(self.hide(text))

    def line(self, text: str) -> str:
        """The same as one line: line ends and tabs are written out as well."""
        return self(text).replace("\n", "\\n").replace("\t", "\\t")

    def hide(self, text: str) -> str:
        """The text with every secret in it replaced, overlapping ones as one; doing it twice changes nothing."""
        if text in self.whole:
            return MASK
        return MASK.join(self._hidden(piece) for piece in text.split(MASK))

    def _hidden(self, text: str) -> str:
        shown, end = [], 0
        for first, last in _merged(sorted(_places(text, self.parts))):
            shown += [text[end:first], MASK]
            end = last
        return "".join([*shown, text[end:]])

    def value(self, value: Value) -> Value:
        """Plain data of any depth with every text in it masked, keys included."""
        match value:
            case str():
                return self.hide(value)
            case Mapping():
                return {self.hide(str(key)): self.value(item) for key, item in value.items()}
            case Sequence():
                return [self.value(item) for item in value]
            case _:
                return MASK if MASK in self.hide(json.dumps(value)) else value


def mask_of(secrets: frozenset[str]) -> Mask:
    """The mask for these secrets, in every spelling in which they could turn up."""
    known = {secret for secret in secrets if secret.strip()}
    parts = {part for secret in known if len(secret) >= SHORTEST for part in _spellings(secret)}
    return Mask(whole=frozenset(known), parts=tuple(sorted(parts)))


def visible(text: str) -> str:
    """The text with terminal colours dropped, and other control and direction-changing characters written out."""
    return text if text.isprintable() else "".join(_written(char) for char in _COLOUR.sub("", text))


def _written(char: str) -> str:
    if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        return char
    return f"\\u{ord(char):04x}" if ord(char) > 0xFF else f"\\x{ord(char):02x}"


def _spellings(secret: str) -> Iterator[str]:
    """The secret and its longer lines, as they are and as URLs, JSON, HTML, source text and base64 have them."""
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
    """The secret as base64, and as the middle of the base64 of something longer, which has three alignments."""
    yield from (base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode().rstrip("="))
    for shift in range(3):
        padded = bytes(shift) + raw
        certain = slice((0, 2, 3)[shift], len(padded) * 8 // 6)
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            fragment = encode(padded).decode()[certain]
            if len(fragment) >= SHORTEST_FRAGMENT:
                yield fragment


def _places(text: str, parts: Sequence[str]) -> Iterator[tuple[int, int]]:
    for part in parts:
        first = text.find(part)
        while first >= 0:
            yield first, first + len(part)
            first = text.find(part, first + 1)


def _merged(places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Places that overlap as one, in order."""
    first, last = -1, -1
    for begin, end in places:
        if begin > last and last >= 0:
            yield first, last
            first = begin
        first, last = (begin if first < 0 else first), max(last, end)
    if last >= 0:
        yield first, last
