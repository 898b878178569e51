"""What reading a workspace takes, and what writing to it takes; every kind is given one of the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployer.azureml.arm import Arm
from deployer.azureml.sdk import Sdk

Raw = Mapping[str, Any]
"""The ARM JSON of a resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads of one workspace, whose ARM id is `home`. Code assets never change, so what is known of one is kept."""

    arm: Arm
    home: str
    known_code: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """What writing takes: the SDK, fresh reads, the project that owns what is written, and its folder."""

    sdk: Sdk
    reader: Reader
    project: str
    root: Path
