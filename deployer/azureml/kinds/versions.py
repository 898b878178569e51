"""Versions of models and environments: where they are, and which one is the newest."""

from __future__ import annotations

from deployer.azureml.access import Reader
from deployer.azureml.arm_ids import name_and_version
from deployer.core.resources import Ref


def version_path(plural: str, ref: Ref) -> str:
    """Where a version of an asset is, below its workspace."""
    name, version = name_and_version(ref)
    return f"/{plural}/{name}/versions/{version}"


def newest(reader: Reader, plural: str, name: str, api: str) -> str | None:
    """The newest version of an asset; None where it has none."""
    query = {"$orderBy": "createdtime desc", "$top": "1"}
    found = reader.arm.get(f"/{plural}/{name}/versions", api, query=query)
    versions = (found or {}).get("value") or ()
    return str(versions[0]["name"]) if versions else None
