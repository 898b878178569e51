"""Values of plain YAML scalars by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema)."""

from __future__ import annotations

import re
from collections.abc import Sequence

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
PREFIXED = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
FLOAT = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,2})?")
LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
NUMERIC_START = frozenset("-+.0123456789")

Scalar = str | int | float | bool | None


def resolve(text: str) -> Scalar:
    """The value of a plain scalar. Numerals with a leading zero, infinities and overlong numbers stay text."""
    if text in NULLS:
        return None
    if text in BOOLEANS:
        return BOOLEANS[text]
    return _number(text) if text[0] in NUMERIC_START else text


def _number(text: str) -> str | int | float:
    if INTEGER.fullmatch(text):
        return int(text)
    if LEADING_ZERO.fullmatch(text):
        return text
    if PREFIXED.fullmatch(text):
        return int(text, 0)
    return float(text) if FLOAT.fullmatch(text) else text


WHOLE = re.compile(
    r"( *)(?:- +)*(?:- +|[^\s#:'\"{}\[\],&*!|>%@`-][^#:'\"{}]*: +)"  # the margin, and the item or key
    r"\{\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}\} *(?:#.*)?"
)
BLOCK = re.compile(r".*(?:: +|- +|^)[|>][-+0-9]*\s*(?:#.*)?$")
CUT = re.compile(r"[*&!@%`|>#].*|\s.*|.*\s|.*(?:\s#|:\s|:$|[\n\r\x85\u2028\u2029]).*", re.DOTALL)
ON_PURPOSE = ("[", "{", '"', "'", "\n")


def is_cut(text: str) -> bool:
    """Whether YAML would read a text otherwise if it stood there without quotes.

    What begins like a list, a map or a quoted text, or on a line of its own, is written so on purpose.
    """
    return not text.startswith(ON_PURPOSE) and CUT.fullmatch(text) is not None


def whole_scalars(template: str) -> frozenset[int]:
    """The lines of a template on which one `{{ … }}` without quotes is a whole value, and not in a block of text."""
    lines = template.split("\n")
    found = ((number, WHOLE.fullmatch(line)) for number, line in enumerate(lines) if "{{" in line)
    return frozenset(number + 1 for number, match in found if match and not _is_in_block(lines, number, len(match[1])))


def _is_in_block(lines: Sequence[str], number: int, margin: int) -> bool:
    """Whether the next line above with a smaller margin begins a block of text."""
    above = (line for line in reversed(lines[:number]) if line.strip() and len(line) - len(line.lstrip(" ")) < margin)
    return BLOCK.fullmatch(next(above, "")) is not None
