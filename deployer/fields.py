"""What a field is: type, default, effect of a change, secrecy; read from schemas/*.schema.json and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from deployer.resources import Value


class Effect(StrEnum):
    """What changing a field does to a running service."""

    METADATA = "metadata"
    SCALE = "scale"
    ROLLING = "rolling"
    IMMUTABLE = "immutable"
    ADD_ONLY = "add-only"
    TRAFFIC = "traffic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a kind: its dotted path, where `*` stands for any key of a map, and what the schema says of it."""

    path: str
    default: Value = None
    has_default: bool = False
    effect: Effect = Effect.ROLLING
    sensitive: bool = False
    read_only: bool = False
    description: str = ""
