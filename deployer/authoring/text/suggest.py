"""Suggestions for misspelled names."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], count: int = 1, *, cutoff: float = 0.6) -> list[str]:
    """The most similar known words, best first; ignores case and the difference between dashes and underscores."""
    from difflib import get_close_matches

    by_shape = {_shape(name): name for name in sorted(known)}
    return [by_shape[shape] for shape in get_close_matches(_shape(word), by_shape, n=count, cutoff=cutoff)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence with the most similar known word; "" if none is similar."""
    found = nearest(word, known)
    return f"Did you mean `{found[0]}`?" if found else ""


def _shape(word: str) -> str:
    return word.lower().replace("-", "_")
