"""Assets whose specs have no version: what is in them is known, which version that is, only the plan knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deployer.core.diagnostics import Location
from deployer.core.references import LATEST, AssetReference, AssetType
from deployer.core.resources import KeyPath, Kind, Resource, Value, asset_ref

FIRST_VERSION = "1"
"""The version that Azure gives to the first of a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A model or an environment without a version; `places` are those of its fields in the spec file."""

    kind: Kind
    name: str
    fields: Mapping[str, Value]
    sources: Mapping[KeyPath, str] = field(default_factory=dict, compare=False)
    places: Mapping[KeyPath, Location] = field(default_factory=dict, compare=False)

    @property
    def newest(self) -> AssetReference:
        """The reference to the newest version of its name."""
        return AssetReference(type=AssetType(self.kind.value), name=self.name, label=LATEST)

    def at(self, version: str) -> Resource:
        """This asset as a version of its name."""
        return Resource(ref=asset_ref(self.kind, self.name, version), fields=self.fields, sources=self.sources)
