"""One spelling for names and values that Azure, its SDK and its YAML spell differently."""

from __future__ import annotations

import re

from deployer.kinds.spec import Fields


def snake(text: str) -> str:
    """`AMLToken`, `AmlToken` and `AML_TOKEN` as `aml_token`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text).lower()


def respelled(fields: Fields, path: tuple[str, ...]) -> Fields:
    """A copy with the enum at a path in snake_case."""
    head, *rest = path
    value = fields.get(head)
    if rest and isinstance(value, dict):
        return {**fields, head: respelled(value, tuple(rest))}
    return {**fields, head: snake(value)} if isinstance(value, str) else fields
