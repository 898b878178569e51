"""The smallest pieces of text: colours, paragraphs, counts. Imports nothing heavy, since `validate` pays for it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

WIDTH = 100
COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def styled(text: str, colour: str, *, color: bool) -> str:
    """The text in a colour of `COLOURS`, or as it is."""
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if color and text else text


def wrapped(text: str, width: int, indent: str) -> Sequence[str]:
    """The text in lines of at most `width`; what has no blanks is never broken, so that it can be copied."""
    return textwrap.wrap(
        text,
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def count(number: int, noun: str) -> str:
    """ "1 file", "4 files"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
