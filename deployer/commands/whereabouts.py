"""Where a command acts: which env and workspace, and the specs of which commit, in which repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.authoring import EnvFile
    from deployer.report.review_view import Place

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
    name, _, dirty = _git(project, "describe", "--always", "--dirty", "--exclude=*").partition("-")
    return f"{name} (dirty)" if dirty else name


def place_of(env: EnvFile | None, project: Path) -> Place:
    """Where a plan is made, for its review: with links to the specs on GitHub or Azure Repos, in their pipelines."""
    from importlib.metadata import version  # late, as the next one: `deployer --help` does not pay for them

    from deployer.report.review_view import Place

    folder = _git(project, "rev-parse", "--show-prefix").rstrip("/")
    commit = _git(project, "rev-parse", "HEAD")
    return Place(
        where=whereabouts(env, project) if env else f"commit {_commit(project)}" if commit else "",
        folder=folder,
        version=version("azureml-deployer"),
        link=_link(f"{folder}/" if folder else "", commit),
    )


def _link(prefix: str, commit: str) -> str:
    """The address of a line of the specs at a commit; "" outside of a pipeline."""
    server, repository = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    if server and repository and commit:
        return f"{server}/{repository}/blob/{commit}/{prefix}{{file}}#L{{line}}"
    azure = os.environ.get("BUILD_REPOSITORY_URI", "")
    if azure.startswith("https://") and commit:
        address = f"{azure.rpartition('@')[2]}" if "@" in azure else azure.removeprefix("https://")
        return f"https://{address}?path=/{prefix}{{file}}&version=GC{commit}&line={{line}}"
    return ""


def _git(project: Path, *words: str) -> str:
    """What git says of a checkout; "" where there is none, or no git."""
    command = ["git", "-C", str(project), *NO_MONITOR, *words]
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
    return ended.stdout.strip()
