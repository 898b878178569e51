"""The local workspace as a process: started when needed; its connection file says how to reach it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from deployer.core.coordinates import Coordinates, LocalServer
from deployer.core.errors import Unreachable


def local_root(project: Path) -> Path:
    """The state folder of a project's local workspace."""
    return project.resolve() / ".deployer" / "local"


def start(project: Path, started: Callable[[], None]) -> tuple[Coordinates, LocalServer]:
    """Start the local workspace unless it is running, and return its place; `started` is called if it was not.

    Raises Unreachable with its own message.
    """
    call = [sys.executable, "-m", "deployer.local_workspace.start", str(local_root(project))]
    done = subprocess.run(call, check=False, text=True, capture_output=True)
    if done.returncode:
        raise Unreachable((done.stderr or done.stdout).strip())
    said = json.loads(done.stdout)
    if said["started"]:
        started()
    return _place(said)


def connection(file: Path) -> tuple[Coordinates, LocalServer]:
    """Read the connection file of a running local workspace."""
    return _place(json.loads(file.read_text(encoding="utf-8")))


def _place(said: Mapping[str, Any]) -> tuple[Coordinates, LocalServer]:
    where = said["workspace"]
    coordinates = Coordinates(
        subscription_id=where["subscription_id"], resource_group=where["resource_group"], name=where["name"]
    )
    server = LocalServer(
        api=said["api"],
        page=said["page"],
        ca_file=Path(said["ca_file"]),
        token_file=Path(said["token_file"]),
        location=said["location"],
    )
    return coordinates, server


def command(project: Path, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run one command of the local workspace (up, down, status, list, prune, reset, fault) in a separate process."""
    call = [sys.executable, "-m", "deployer.local_workspace", *words, "--root", str(local_root(project))]
    return subprocess.run(call, check=False, text=True)
