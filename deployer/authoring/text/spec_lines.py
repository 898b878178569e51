"""What stands on each line of YAML that is still a template, told by margins and quotes: no parser reads it yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

BLOCK = re.compile(r"(?:[&!]\S+\s+){0,4}[|>][-+0-9]{0,4}\s*(?:#.*)?$")
DASHES = re.compile(r"(?:-\s+){0,20}")
QUOTED = {'"': re.compile(r'(?:\\.|[^"\\])*"'), "'": re.compile(r"(?:''|[^'])*'(?!')")}
NO_KEY = re.compile(r"""[#'"{}\[\],&*!|>%@`]""")
LONG = 2_000
"""Characters of a line that are looked at for its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecLine:
    """One line: the keys that lead to it, whether it is a comment and nothing else, and where its value begins."""

    number: int
    path: tuple[str, ...]
    comment: bool = False
    value_at: int = 0


def spec_lines(template: str) -> Iterator[SpecLine]:
    """Every line of `template`, counted from 1, that is not empty."""
    keys: list[tuple[int, str]] = []
    block: int | None = None
    quote = ""
    for number, line in enumerate(template.split("\n"), start=1):
        margin = len(line) - len(line.lstrip(" "))
        text = line[margin:]
        if not text:
            continue
        if quote:
            quote = _still_open(quote, text)
        elif block is None or margin <= block:
            block = None
            if text.startswith("#"):
                yield SpecLine(number=number, path=_path(keys), comment=True)
                continue
            at = _enter(keys, margin, text)
            block = margin if BLOCK.match(text, at) else None
            quote = "" if block is not None else _opened(text[at:])
            yield SpecLine(number=number, path=_path(keys), value_at=margin + at)
            continue
        yield SpecLine(number=number, path=_path(keys))


def comment_lines(template: str) -> frozenset[int]:
    """The lines with a YAML comment and nothing else; not those in a block of text or between quotes."""
    return frozenset(line.number for line in spec_lines(template) if line.comment) if "#" in template else frozenset()


def _enter(keys: list[tuple[int, str]], margin: int, text: str) -> int:
    """Note the key that a line begins, in place of those it ends; returns where its value begins in `text`."""
    dashes = DASHES.match(text)
    start = dashes.end() if dashes else 0
    while keys and keys[-1][0] >= margin + start:
        keys.pop()
    key, end = _key(text[start : start + LONG])
    if end:
        keys.append((margin + start, key))
    return start + end


def _key(text: str) -> tuple[str, int]:
    """The key at the start of `text` and where its value begins; "" and 0 without one."""
    if text[:1] in QUOTED:
        match = QUOTED[text[0]].match(text, 1)
        at = match.end() if match else 0
        found = at and text[at : at + 2].rstrip() == ":"
    else:
        at = text.find(": ") if ": " in text else len(text) - 1 if text.endswith(":") else 0
        found = at > 0 and not NO_KEY.search(text, 0, at)
    if not found:
        return "", 0
    return text[:at].strip("\"' "), at + 1 + len(text[at + 1 :]) - len(text[at + 1 :].lstrip(" "))


def _path(keys: list[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(key for _, key in keys)


def _opened(value: str) -> str:
    """The quote that `value` opens and does not close, or ""."""
    first = value[:1]
    return "" if first not in QUOTED or QUOTED[first].match(value, 1) else first


def _still_open(quote: str, line: str) -> str:
    return "" if QUOTED[quote].match(line) else quote
