"""Did you mean …?"""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], count: int = 1) -> list[str]:
    """The known words most like this one, best first; letter case, dashes and underscores do not count."""
    from difflib import get_close_matches

    by_shape = {_shape(name): name for name in sorted(known)}
    return [by_shape[shape] for shape in get_close_matches(_shape(word), by_shape, n=count, cutoff=0.6)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence that names the most similar known word; "" when none is similar."""
    found = nearest(word, known)
    return f"Did you mean `{found[0]}`?" if found else ""


def _shape(word: str) -> str:
    return word.lower().replace("-", "_")
