"""import: write specs for an existing endpoint."""

from __future__ import annotations

from pathlib import Path

from deployer.authoring import load_env
from deployer.authoring.export import spec_files
from deployer.commands.console import Console
from deployer.core.errors import DeployerError, UsageError
from deployer.core.resources import endpoint_ref
from deployer.core.workspace import Wanted
from deployer.pipeline import open_workspace


def import_endpoint(project: Path, env: str, endpoint: str, console: Console) -> int:
    """Write specs/<endpoint>/*.yml from the live state. Raises UsageError if the folder already exists."""
    name = endpoint.lower()
    workspace = open_workspace(load_env(project, env), project)
    live = workspace.observe(Wanted(endpoints=frozenset([name])))
    if live.get(endpoint_ref(name)) is None:
        raise DeployerError(f"there is no endpoint {endpoint} in the workspace of env {env}")
    folder = project / "specs" / name
    if folder.exists():
        raise UsageError(f"{folder} already exists", hint="Move it away, then import again.")
    folder.mkdir()
    for file, text in spec_files(live, name).items():
        (folder / file).write_text(text, encoding="utf-8")
        console.out(f"wrote specs/{name}/{file}")
    console.err(f"`deployer plan --env {env} --endpoint {name}` shows no changes now; --adopt adds it to this project.")
    return 0
