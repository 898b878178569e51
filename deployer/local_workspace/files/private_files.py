"""Small files that only their owner can read, written atomically. Only the standard library."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any


def make_home(root: Path) -> None:
    """Create the folder of a local workspace, which git ignores: it holds keys, and a database with every secret."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    ignore = (root.parent if root.parent.name == ".deployer" else root) / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")


def write_private(path: Path, text: str) -> None:
    """Replace a file atomically; only its owner can read it."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)


def secret_in(path: Path) -> str:
    """The secret in this file; the first call creates it."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text()


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in this file; None where there is no file or it is not a JSON object."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
