"""Where a command acts: which env and workspace, and the specs of which commit, in which repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.authoring import EnvFile
    from deployer.report.review_view import Place

SHOWN = 8
"""Characters of a subscription id: enough to tell one's own apart."""


def whereabouts(env: EnvFile, project: Path) -> str:
    """Where a command acts, as `dev → workspace ml / rg / 11111111…, commit abc1234 (dirty)`."""
    from deployer.checkout import commit_of  # late, as those below: `deployer --help` does not pay for them

    return _where(env, commit_of(project))


def place_of(env: EnvFile | None, project: Path) -> Place:
    """Where a plan is made, for its review: with links to the specs on GitHub or Azure Repos, in their pipelines."""
    from importlib.metadata import version

    from deployer.checkout import commit_of, folder_of
    from deployer.report.review_view import Place

    folder, commit = folder_of(project), commit_of(project)
    return Place(
        where=_where(env, commit),
        folder=folder,
        version=version("azureml-deployer"),
        link=_link(f"{folder}/" if folder else "", commit.removesuffix("-dirty")),
    )


def _where(env: EnvFile | None, commit: str) -> str:
    """The env with its workspace, where it is known, and the commit, where there is one."""
    from deployer.report.format import short_commit

    at = f"commit {short_commit(commit)}" if commit else ""
    return ", ".join(filter(None, [_workspace(env) if env else "", at]))


def _workspace(env: EnvFile) -> str:
    place = env.workspace
    where = (
        f"workspace {place.name} / {place.resource_group} / {place.subscription_id[:SHOWN]}…"
        if place
        else "the local workspace"
    )
    return f"{env.name} → {where}"


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
