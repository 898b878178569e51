"""Live values that could be secrets although the specs no longer say so: removed, renamed, rotated, changed by hand.

A live value is shown only if the specs mention it, or if its name and its shape are harmless.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deployer.core.plan import Plan
from deployer.core.resources import KeyPath, Value, noted_secrets, value_at
from deployer.core.sealed import Sealed
from deployer.core.secret_paths import SecretPaths, leaves
from deployer.core.secret_shapes import is_hidden, secret_shape

HIDDEN = "(hidden)"
SHORTEST = 8
"""Shorter live texts are hidden in their own place only: elsewhere they could be part of any word."""


def mentioned(plan: Plan) -> frozenset[str]:
    """The texts that stand in the specs of what the plan writes."""
    return frozenset(text for step in plan.steps if step.after for _, text in texts((), step.after.fields))


def without_secrets(path: KeyPath, value: Value, known: frozenset[str], noted: SecretPaths) -> Value:
    """A live value with its texts replaced that must not be shown; `noted` are the fields that were secret."""
    match value:
        case str():
            return HIDDEN if value not in known and (noted.has(path) or is_hidden(path, value)) else value
        case Mapping():
            return {key: without_secrets((*path, key), item, known, noted) for key, item in value.items()}
        case list() | tuple():
            return [without_secrets(path, item, known, noted) for item in value]
        case _:
            return value


def live_secrets(plan: Plan) -> frozenset[str]:
    """The live texts to mask everywhere: those that a secret replaces, and those that look like one."""
    known, found = mentioned(plan), set[str]()
    for step in plan.steps:
        noted = noted_secrets(step.before)
        for path, text in texts((), step.before.fields if step.before else {}):
            new = value_at(step.after.fields, path) if step.after else None
            replaced = isinstance(new, Sealed) and new != text
            secret = replaced or noted.has(path) or secret_shape(path[-1], text)
            if len(text) >= SHORTEST and text not in known and secret:
                found.add(text)
    return frozenset(found)


def texts(path: KeyPath, value: object) -> Iterator[tuple[KeyPath, str]]:
    """Every text in a value with the path of keys to it; the items of a list have the path of the list."""
    return ((place, leaf) for place, leaf in leaves(path, value) if isinstance(leaf, str))
