"""Where blobs are on disk, and their addresses."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

ACCOUNT = "store.blob.local"
DATASTORE = "workspaceblobstore"
STAGED = ".staged"
"""The folder beside the containers that holds blocks until they are committed."""


def default_container(workspace_id: str) -> str:
    """The container behind the default datastore."""
    return f"azureml-blobstore-{workspace_id}"


def container_url(base: str, container: str) -> str:
    """The address of a container; the account is part of the path because there is only one host."""
    return f"{base}/{ACCOUNT}/{container}"


def folder(blobs: Path, url: str) -> Path | None:
    """The folder that a blob address names, whatever its port; None for an address elsewhere."""
    account, _, path = unquote(urlsplit(url).path).lstrip("/").partition("/")
    return inside(blobs, path) if account == ACCOUNT else None


def inside(blobs: Path, path: str) -> Path | None:
    """The file of this path below the containers; None for a path that leads out of them."""
    parts = path.rstrip("/").split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        return None
    return blobs.joinpath(*parts)
