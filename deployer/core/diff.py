"""diff(before, after): plain equality of canonical values. Quirks of Azure are normalised in azureml, not here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from deployer.core.compute import Compute, compute_of
from deployer.core.fields import Effect, field_at
from deployer.core.resources import NOTHING, KeyPath, Kind, Resource, Value


class _Missing:
    """The type of MISSING: an absent field, as opposed to null."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
Side = Value | _Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A changed field: its path, its values before and after, and the effect of the change.

    `written`: the value after stands in a spec, even where it is the default.
    """

    path: KeyPath
    before: Side
    after: Side
    effect: Effect
    sensitive: bool = False
    written: bool = False


def diff(before: Resource | None, after: Resource) -> tuple[FieldChange, ...]:
    """The changed fields, sorted by path; for a new resource, the fields that differ from their defaults."""
    kind = after.ref.kind
    if before is None:
        compute = compute_of(after.fields)
        changes = _changes(kind, NOTHING, after.fields)
        return tuple(change for change in changes if not _is_default(kind, change, compute))
    return tuple(_changes(kind, before.fields, after.fields))


def _changes(kind: Kind, before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterator[FieldChange]:
    for path, old, new in _differing((), before, after):
        field = field_at(kind, path)
        yield FieldChange(path=path, before=old, after=new, effect=field.effect, sensitive=field.sensitive)


def _differing(path: KeyPath, before: Side, after: Side) -> Iterator[tuple[KeyPath, Side, Side]]:
    """Differing leaves. A map that is on one side only is expanded too, into one entry per key."""
    if _same(before, after):
        return
    if not (_opens(before) and _opens(after)):
        yield path, before, after
        return
    old, new = _keys(before), _keys(after)
    for key in sorted(old.keys() | new.keys()):
        yield from _differing((*path, key), old.get(key, MISSING), new.get(key, MISSING))
    if not old and not new and (isinstance(before, Mapping) or isinstance(after, Mapping)):  # absent is empty
        yield path, before, after


def _same(before: Side, after: Side) -> bool:
    """Equality that distinguishes True from 1, unlike Python's, also inside maps."""
    if before != after:
        return False
    match before, after:
        case Mapping() as old, Mapping() as new:
            return all(_same(value, new[key]) for key, value in old.items())
        case _:
            return isinstance(before, bool) == isinstance(after, bool)


def _opens(side: Side) -> bool:
    return side is None or side is MISSING or isinstance(side, Mapping)


def _keys(side: Side) -> Mapping[str, Value]:
    return side if isinstance(side, Mapping) else NOTHING


def _is_default(kind: Kind, change: FieldChange, compute: Compute) -> bool:
    """Whether a field of a new resource has its default or an empty value."""
    default = field_at(kind, change.path).default_on(compute)
    return change.after is None or change.after in ({}, []) or _same(change.after, default)
