"""Hashes of plain data and of resources, for noticing changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from deployer.core.resources import KeyPath, Resource, Value, is_failed, without
from deployer.core.sealed import Sealed


def digest_of(value: Value) -> str:
    """A short, stable hash of plain data: the first 16 hex digits of SHA-256 over canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_as_content)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _as_content(value: object) -> object:
    return value.opened if isinstance(value, Sealed) else as_json(value)


def as_json(value: object) -> object:
    """Read-only mappings and tuples as dicts and lists, and secrets masked: the `default` of `json.dumps`."""
    if isinstance(value, Sealed):
        return value.shown
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"{type(value).__name__} is not plain data")


def fingerprint(resource: Resource | None, ignore: Sequence[KeyPath] = ()) -> str:
    """A hash of a resource for noticing changes since planning; `ignore` are paths that may change."""
    if resource is None:
        return "absent"
    fields = resource.fields
    for path in ignore:
        fields = without(fields, path)
    return digest_of([str(resource.ref), fields, is_failed(resource)])
