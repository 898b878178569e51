"""Whether a JSON answer is what a smoke test expects: equal, near enough, or with that in it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from deployer.core.resources import Value


def difference(answer: Value, wanted: Value, *, tolerance: float = 0.0, part: bool = False, path: str = "") -> str:
    """The first place at which `answer` is not as `wanted`, in one phrase; "" if it is.

    Numbers may differ by `tolerance`; true is no number. With `part`, maps may have more keys than are wanted.
    """
    match wanted:
        case bool() | None:
            same = answer is wanted
        case int() | float():
            same = isinstance(answer, int | float) and not isinstance(answer, bool) and _near(answer, wanted, tolerance)
        case dict() if isinstance(answer, Mapping):
            return _in_map(answer, wanted, tolerance, part, path)
        case list() | tuple() if isinstance(answer, list | tuple):
            return _in_list(answer, wanted, tolerance, part, path)
        case _:
            same = answer == wanted
    return "" if same else f"{_place(path)}{_short(answer)} instead of {_short(wanted)}"


def _near(answer: float, wanted: float, tolerance: float) -> bool:
    return answer == wanted or math.isclose(answer, wanted, rel_tol=1e-12, abs_tol=tolerance)


def _in_map(answer: Mapping[str, Value], wanted: Mapping[str, Value], tolerance: float, part: bool, path: str) -> str:
    for key, value in wanted.items():
        if key not in answer:
            return f"no `{_below(path, key)}`"
        if wrong := difference(answer[key], value, tolerance=tolerance, part=part, path=_below(path, key)):
            return wrong
    more = [key for key in answer if key not in wanted and not part]
    return f"`{_below(path, more[0])}`, which is not expected" if more else ""


def _in_list(
    answer: list[Value] | tuple[Value, ...],
    wanted: list[Value] | tuple[Value, ...],
    tolerance: float,
    part: bool,
    path: str,
) -> str:
    if len(answer) != len(wanted):
        return f"{_place(path)}{len(answer)} items instead of {len(wanted)}"
    pairs = enumerate(zip(answer, wanted, strict=True))
    found = (difference(a, b, tolerance=tolerance, part=part, path=f"{path}[{at}]") for at, (a, b) in pairs)
    return next((wrong for wrong in found if wrong), "")


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _place(path: str) -> str:
    return f"`{path}`: " if path else ""


def _short(value: Value) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:100]}…"
