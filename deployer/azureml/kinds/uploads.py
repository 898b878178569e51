"""Local content to upload, which must not have changed since the plan was made."""

from __future__ import annotations

from pathlib import Path

from deployer.azureml.access import Writer
from deployer.core.errors import WorkspaceError
from deployer.core.resources import KeyPath, Resource, value_at


def local_or_address(writer: Writer, after: Resource, path: KeyPath) -> str:
    """The local path of content that has not changed since planning, or the URI in the field."""
    value, source = value_at(after.fields, path), after.sources.get(path)
    if source is None:
        return str(value)
    place, what = (writer.root / source).resolve(), f"upload {after.ref}"
    require_there(place, what)
    require_unchanged(value == uploaded_as(place), place, what)
    return str(place)


def uploaded_as(path: Path) -> str:
    """The hash under which the SDK uploads a model or a build context."""
    from azure.ai.ml._utils._asset_utils import get_ignore_file, get_object_hash

    return f"sha256:{get_object_hash(path, get_ignore_file(path))}"


def require_there(place: Path, what: str) -> None:
    """Raise WorkspaceError if a file or folder no longer exists."""
    if not place.exists():
        raise WorkspaceError(f"Could not {what}: {place.name} no longer exists.", hint="Run `deployer plan` again.")


def require_unchanged(same: bool, place: Path, what: str) -> None:
    """Raise WorkspaceError unless the content of a file or folder is the `same` as in the plan."""
    if not same:
        raise WorkspaceError(
            f"Could not {what}: {place.name} has changed since the plan was made.", hint="Run `deployer plan` again."
        )
