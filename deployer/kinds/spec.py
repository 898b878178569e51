"""KindSpec: the properties of a kind of resource, as values and functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deployer.core.action import Action
from deployer.core.resources import Ref
from deployer.kinds.phases import Phase

Fields = dict[str, Any]


def as_given(fields: Fields) -> Fields:
    """The fields unchanged: for kinds without alternative spellings."""
    return fields


def verb_and_ref(verb: str, ref: Ref) -> str:
    """ "update deployment digits/blue"."""
    return f"{verb} {ref}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSpec:
    """One kind of resource.

    | field          | meaning                                                                                     |
    |----------------|---------------------------------------------------------------------------------------------|
    | `noun`         | the kind with its article, for messages                                                     |
    | `ref`          | the resource that a document with these fields declares                                     |
    | `schema_names` | names of its schemas in `$schema`, in lower case; empty if it has no documents of its own   |
    | `enums`        | paths of enum fields, whose values have several spellings                                   |
    | `spelled`      | gives all other fields their canonical spelling                                             |
    | `is_asset`     | whether it is an asset: versioned, shared by endpoints, never changed                       |
    | `is_owned`     | whether it carries its project's tag, and is pruned when it is no longer in the specs       |
    | `is_operated`  | whether it has a provisioning state of its own; traffic has that of its endpoint            |
    | `phase`        | the phase of an action on it; None if the action is never planned                           |
    | `words`        | a verb and its object, for reports                                                          |
    """

    noun: str
    ref: Callable[[Mapping[str, Any]], Ref]
    phase: Callable[[Action], Phase | None]
    is_asset: bool
    is_owned: bool
    is_operated: bool
    schema_names: frozenset[str] = frozenset()
    enums: tuple[tuple[str, ...], ...] = ()
    spelled: Callable[[Fields], Fields] = as_given
    words: Callable[[str, Ref], str] = verb_and_ref


def text(fields: Mapping[str, Any], key: str) -> str:
    """The text under a key, or ""."""
    value = fields.get(key)
    return value if isinstance(value, str) else ""
