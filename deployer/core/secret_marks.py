"""The characters that stand for a secret in rendered text, so that no text which may be shown has its value in it.

A mark is `FIRST`, digits, `LAST`. All are private-use characters, in a range of their own beside the source map's.
"""

from __future__ import annotations

import re

FIRST, LAST = "\U000fe110", "\U000fe111"
ZERO = 0xFE100
DIGITS = "".join(chr(ZERO + digit) for digit in range(16))
MARK = re.compile(f"{FIRST}([{DIGITS[0]}-{DIGITS[-1]}]+){LAST}")
RESERVED = re.compile(f"[{DIGITS[0]}-{LAST}]+")
TAKEN = "the characters U+FE100 to U+FE111 cannot be used"


def has_marks(text: str) -> bool:
    """Whether a text has marks in it, or characters of marks."""
    return not text.isascii() and RESERVED.search(text) is not None


def without_marks(text: str, shown: str) -> str:
    """The text with `shown` in place of its marks, or of what is left of them."""
    return text if text.isascii() else RESERVED.sub(shown, text)
