"""One spelling for values that Azure accepts in several."""

from __future__ import annotations

from deployer.core.spelling import snake
from deployer.kinds.spec import Fields


def respelled(fields: Fields, path: tuple[str, ...]) -> Fields:
    """A copy with the enum at a path in snake_case."""
    head, *rest = path
    value = fields.get(head)
    if rest and isinstance(value, dict):
        return {**fields, head: respelled(value, tuple(rest))}
    return {**fields, head: snake(value)} if isinstance(value, str) else fields
