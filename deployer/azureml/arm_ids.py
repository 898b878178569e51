"""Conversion of ARM ids and URIs to the references of the YAML."""

from __future__ import annotations

import re
from typing import Any

from deployer.core.coordinates import Coordinates
from deployer.core.references import AssetReference, AssetType, parse_reference
from deployer.core.resources import Ref

_CONTENT = re.compile(r"/LocalUpload/([0-9a-fA-F]{16,})(?:/|$)")


def asset_at(type_: AssetType, wire: Any, where: Coordinates) -> AssetReference | None:
    """The asset reference in a value of ARM JSON; None if it is empty."""
    return parse_reference(type_, str(wire), where) if wire else None


def short(type_: AssetType, wire: Any, where: Coordinates) -> str | None:
    """An asset reference in YAML form; None if it is empty."""
    found = asset_at(type_, wire, where)
    return str(found) if found else None


def compute_name(wire: Any, where: Coordinates) -> str | None:
    """A cluster in YAML form: `azureml:<name>` if it is attached to this workspace, else its ARM id."""
    if not wire:
        return None
    home, _, name = str(wire).rpartition("/computes/")
    here = not home or home.lower() == where.arm_id.lower()
    return f"azureml:{name.removeprefix('azureml:')}" if here else str(wire)


def content_hash(uri: Any) -> str | None:
    """`sha256:<hex>` from a URI of uploaded content, `.../LocalUpload/<hash>/...`; None for other URIs."""
    found = _CONTENT.search(str(uri or ""))
    return f"sha256:{found.group(1).lower()}" if found else None


def name_and_version(ref: Ref) -> tuple[str, str]:
    """The name and the version of a model or an environment."""
    name, _, version = ref.name.rpartition(":")
    return name, version
