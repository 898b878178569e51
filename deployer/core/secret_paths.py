"""Which fields of a resource were secret when it was written: hashes of their paths, kept in a tag."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from deployer.core.sealed import Sealed

Path = tuple[str, ...]
MOST = 85
"""More hashes do not fit into the tags: then every field is taken to have been secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretPaths:
    """The fields that were secret; `all` where they were too many to note."""

    hashes: frozenset[str] = field(default_factory=frozenset)
    all: bool = False

    def has(self, path: Path) -> bool:
        """Whether a field was secret."""
        return self.all or _hash(path) in self.hashes

    def and_those_of(self, fields: Mapping[str, object]) -> SecretPaths:
        """These and the fields that hold secrets now."""
        hashes = self.hashes | {_hash(path) for path, leaf in leaves((), fields) if isinstance(leaf, Sealed)}
        return SecretPaths(all=True) if self.all or len(hashes) > MOST else SecretPaths(hashes=hashes)


def _hash(path: Path) -> str:
    return hashlib.sha256("\0".join(path).encode(errors="replace")).hexdigest()[:8]


def leaves(path: Path, value: object) -> Iterator[tuple[Path, object]]:
    """What is neither a map nor a list in a value, with the path of keys to it; items of a list have the list's."""
    match value:
        case Mapping():
            for key, item in value.items():
                yield from leaves((*path, key), item)
        case Sequence() if not isinstance(value, str):
            for item in value:
                yield from leaves(path, item)
        case _:
            yield path, value
