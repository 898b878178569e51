"""Reader and Writer: the dependencies for reading a workspace and for writing to it; kinds get one of the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployer.azureml.arm import Arm
from deployer.azureml.sdk import Sdk
from deployer.core.coordinates import Coordinates
from deployer.core.references import AssetReference

Raw = Mapping[str, Any]
"""The ARM JSON of a resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Access for reading one workspace. Caches the content of code assets, which never changes."""

    arm: Arm
    where: Coordinates
    known_code: dict[AssetReference, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Access for writing: the SDK, a reader, the project that owns the resources, and its folder.

    Caches the ARM ids of the code uploaded so far, by content.
    """

    sdk: Sdk
    reader: Reader
    project: str
    root: Path
    uploaded: dict[str, str] = field(default_factory=dict)
