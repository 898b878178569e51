"""Versions of models and environments: their paths, and the newest one."""

from __future__ import annotations

from deployer.azureml.access import Reader
from deployer.azureml.arm_ids import name_and_version
from deployer.core.resources import Ref


def version_path(plural: str, ref: Ref) -> str:
    """The path of an asset version in its workspace."""
    name, version = name_and_version(ref)
    return f"/{plural}/{name}/versions/{version}"


def newest(reader: Reader, plural: str, name: str, api: str) -> str | None:
    """The newest version of an asset; None if there is none."""
    query = {"$orderBy": "createdtime desc", "$top": "1"}
    found = reader.arm.get(f"/{plural}/{name}/versions", api, query=query)
    versions = (found or {}).get("value") or ()
    return str(versions[0]["name"]) if versions else None
