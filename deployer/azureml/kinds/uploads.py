"""Local content that a write sends: only as it was when the plan was made."""

from __future__ import annotations

from pathlib import Path

from deployer.azureml.access import Writer
from deployer.core.errors import WorkspaceError
from deployer.core.resources import KeyPath, Resource, value_at


def local_or_address(writer: Writer, after: Resource, path: KeyPath) -> str:
    """The local path of some content that is as it was when planned, or the address that a field holds."""
    value, source = value_at(after.fields, path), after.sources.get(path)
    if source is None:
        return str(value)
    place, what = (writer.root / source).resolve(), f"upload {after.ref}"
    require_there(place, what)
    require_unchanged(value == uploaded_as(place), place, what)
    return str(place)


def uploaded_as(path: Path) -> str:
    """The hash that the SDK uploads a model or a build context under."""
    from azure.ai.ml._utils._asset_utils import get_ignore_file, get_object_hash

    return f"sha256:{get_object_hash(path, get_ignore_file(path))}"


def require_there(place: Path, what: str) -> None:
    """Raise WorkspaceError where a file or folder has gone since the plan was made."""
    if not place.exists():
        raise WorkspaceError(f"Could not {what}: {place.name} no longer exists.", hint="Run `deployer plan` again.")


def require_unchanged(same: bool, place: Path, what: str) -> None:
    """Raise WorkspaceError where a file or folder holds something else than when the plan was made."""
    if not same:
        raise WorkspaceError(
            f"Could not {what}: {place.name} has changed since the plan was made.", hint="Run `deployer plan` again."
        )
