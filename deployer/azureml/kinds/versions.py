"""Versions of models and environments: their paths, the newest one, and the next."""

from __future__ import annotations

from deployer.azureml.access import Raw, Reader
from deployer.azureml.arm_ids import name_and_version
from deployer.core.drafts import FIRST_VERSION
from deployer.core.resources import Ref


def version_path(plural: str, ref: Ref) -> str:
    """The path of an asset version in its workspace."""
    name, version = name_and_version(ref)
    return f"/{plural}/{name}/versions/{version}"


def newest(reader: Reader, plural: str, name: str, api: str) -> Raw | None:
    """The newest version of an asset as ARM JSON; None if there is none."""
    query = {"$orderBy": "createdtime desc", "$top": "1"}
    found = reader.arm.get(f"/{plural}/{name}/versions", api, query=query)
    versions = (found or {}).get("value") or ()
    return versions[0] if versions else None


def following(reader: Reader, plural: str, name: str, api: str) -> str:
    """What Azure would call the next version of an asset, as the SDK asks it before it registers one without."""
    container = reader.arm.get(f"/{plural}/{name}", api)
    return str(((container or {}).get("properties") or {}).get("nextVersion") or FIRST_VERSION)
