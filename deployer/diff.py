"""diff(live, desired): dumb equality over canonical values. An `if` for Azure here is a bug in observe.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from deployer.fields import Effect, field_at
from deployer.resources import Kind, Resource, Value


class _Missing:
    """The type of MISSING: a field that is not there, as opposed to one that is null."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()

LEAVES_OF_THEIR_OWN = ("traffic", "mirror_traffic", "tags", "properties", "environment_variables")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that differs: dotted path in the vocabulary of the YAML, values before and after, what the change does."""

    path: str
    before: Value | _Missing
    after: Value | _Missing
    effect: Effect
    sensitive: bool = False
