"""The first line of a command that acts on a workspace: which env and workspace, and the specs of which commit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.authoring import EnvFile

SECONDS = 2
"""How long git may take to say which commit this is: in a huge repository it is not worth waiting for."""
NO_MONITOR = ("-c", "core.fsmonitor=false")
"""A monitor of files is a program that a repository can name; its files must not decide what runs."""
SHOWN = 8
"""Characters of a subscription id: enough to tell one's own apart."""


def whereabouts(env: EnvFile, project: Path) -> str:
    """Where a command acts, as `dev → workspace ml / rg / 11111111…, commit abc1234 (dirty)`."""
    place = env.workspace
    where = (
        f"workspace {place.name} / {place.resource_group} / {place.subscription_id[:SHOWN]}…"
        if place
        else "the local workspace"
    )
    commit = _commit(project)
    return f"{env.name} → {where}{f', commit {commit}' if commit else ''}"


def _commit(project: Path) -> str:
    """The commit of a checkout, and whether files of it are changed; "" where there is none, or no git."""
    command = ["git", "-C", str(project), *NO_MONITOR, "describe", "--always", "--dirty", "--exclude=*"]
    try:
        ended = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    name, _, dirty = ended.stdout.strip().partition("-")
    return f"{name} (dirty)" if dirty else name
