"""References to versions of assets: parsed when text comes in, printed when it goes out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from deployer.core.coordinates import Coordinates

_PREFIX = "azureml:"
LATEST = "latest"
_ARM_ID = re.compile(
    r"(?P<home>/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.MachineLearningServices/workspaces/[^/]+)/"
    r"(?P<collection>[a-z]+)/(?P<name>[^/]+)/(?P<how>versions|labels)/(?P<which>[^/]+)/?",
    re.IGNORECASE,
)


class AssetType(StrEnum):
    """The type of the referenced asset; the value is its name in the YAML."""

    MODEL = "model"
    ENVIRONMENT = "environment"
    CODE = "code"
    DATA = "data"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class AssetReference:
    """A reference to a version of an asset, directly or by label.

    | written                                               | parsed                                     |
    |-------------------------------------------------------|--------------------------------------------|
    | `azureml:<name>:<version>`, `<name>:<version>`        | name and version                           |
    | `azureml:<name>@<label>`                              | name and label                             |
    | `azureml:<name>`, `<name>`                            | name and the label "latest"                |
    | the ARM id of a version in this workspace             | name and version                           |
    | `azureml://registries/...`, an ARM id anywhere else   | `elsewhere`, the text as written           |
    """

    type: AssetType
    name: str = ""
    version: str = ""
    label: str = ""
    elsewhere: str = ""

    def __str__(self) -> str:
        return self.elsewhere or f"{_PREFIX}{self.bare}"

    @property
    def bare(self) -> str:
        """`<name>:<version>` or `<name>@<label>`, the SDK's form for workspace assets; else the text as written."""
        return self.elsewhere or (f"{self.name}:{self.version}" if self.version else f"{self.name}@{self.label}")

    @property
    def is_pinned(self) -> bool:
        """Whether it names a fixed version."""
        return bool(self.version) or "/versions/" in self.elsewhere

    @property
    def is_in_registry(self) -> bool:
        """Whether the asset is in a registry."""
        return self.elsewhere.startswith(f"{_PREFIX}//registries/")


def is_reference(text: str) -> bool:
    """Whether text is a reference to a registered asset, not a local path."""
    return text.startswith((_PREFIX, "/subscriptions/"))


def parse_reference(type_: AssetType, text: str, home: Coordinates | None) -> AssetReference:
    """The reference in a text; ARM ids of assets in the workspace `home` become name and version or label."""
    found = _ARM_ID.fullmatch(text.removeprefix(_PREFIX))
    if found:
        return _of_arm_id(type_, found, home)
    if text.startswith((f"{_PREFIX}/", "/")):
        return AssetReference(type=type_, elsewhere=text)
    short = text.removeprefix(_PREFIX)
    if "@" in short:
        name, _, label = short.rpartition("@")
        return AssetReference(type=type_, name=name, label=label)
    name, _, version = short.rpartition(":")
    if name:
        return AssetReference(type=type_, name=name, version=version)
    return AssetReference(type=type_, name=short, label=LATEST)


def _of_arm_id(type_: AssetType, found: re.Match[str], home: Coordinates | None) -> AssetReference:
    if home is None or found["home"].lower() != home.arm_id.lower():
        return AssetReference(type=type_, elsewhere=found.string)
    if found["how"].lower() == "labels":
        return AssetReference(type=type_, name=found["name"], label=found["which"])
    return AssetReference(type=type_, name=found["name"], version=found["which"])
