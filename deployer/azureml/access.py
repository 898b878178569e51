"""What reading a workspace takes, and what writing to it takes; every kind is given one of the two."""

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
    """Reads of one workspace. Code assets never change, so what is known of one is kept."""

    arm: Arm
    where: Coordinates
    known_code: dict[AssetReference, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """What writing takes: the SDK, fresh reads, the project that owns what is written, and its folder."""

    sdk: Sdk
    reader: Reader
    project: str
    root: Path
