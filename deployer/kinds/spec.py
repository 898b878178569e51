"""KindSpec: what there is to know of a kind of resource, as values and functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deployer.core.action import Action
from deployer.core.resources import Ref
from deployer.kinds.phases import Phase

Fields = dict[str, Any]


def as_given(fields: Fields) -> Fields:
    """The fields of a kind that nobody spells in two ways."""
    return fields


def verb_and_ref(verb: str, ref: Ref) -> str:
    """ "update deployment digits/blue"."""
    return f"{verb} {ref}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSpec:
    """One kind of resource.

    | field          | meaning                                                                                     |
    |----------------|---------------------------------------------------------------------------------------------|
    | `noun`         | the kind with its article, as messages say it                                               |
    | `ref`          | the resource that a document with these fields declares; two with one ref are the same      |
    | `schema_names` | what `$schema` calls its documents, in lower case; none: it has no documents of its own     |
    | `enums`        | the paths of fields whose values have several spellings                                     |
    | `spelled`      | other fields in their one spelling, enums already being so                                  |
    | `is_asset`     | whether it is an asset: versioned, shared by endpoints, never changed                       |
    | `is_owned`     | whether it carries the tag of its project, and is pruned when it left the specs             |
    | `is_operated`  | whether long operations change it, whose state shows on it; traffic has its endpoint's      |
    | `phase`        | when an action on it is done; None for what is never done to one                            |
    | `words`        | a verb and its object, as reports say it                                                    |
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
