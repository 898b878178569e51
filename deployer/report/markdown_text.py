"""Arbitrary text in Markdown that stays text: it does not format, link or notify."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&])")
_BULLET = re.compile(r"^(\d*)([-+.)])")


def prose(text: str) -> str:
    """Arbitrary text as Markdown, escaped so that it does not format, link or notify."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return _BULLET.sub(r"\1\\\2", escaped).replace("@", "@<!-- -->")


def code(text: str) -> str:
    """Arbitrary text as a code span, even if it contains backticks."""
    if not text.strip():
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    one_line = text.replace("\n", " ")
    return f"{fence}{pad}{one_line}{pad}{fence}"


def cell(text: str) -> str:
    """Arbitrary text as a code span in a table."""
    return code(text).replace("|", "\\|")
