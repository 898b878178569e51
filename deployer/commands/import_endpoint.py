"""import: write specs for an existing endpoint."""

from __future__ import annotations

from pathlib import Path

from deployer.authoring import load_env
from deployer.authoring.export import spec_files
from deployer.commands.console import Console
from deployer.commands.files import make_folder
from deployer.core.errors import DeployerError, UsageError
from deployer.core.resources import endpoint_ref
from deployer.core.workspace import Wanted
from deployer.workspaces import open_workspace


def import_endpoint(project: Path, env: str, endpoint: str, console: Console) -> int:
    """Write specs/<endpoint>/*.yml from the live state. Raises UsageError if the folder already exists."""
    console.at(env=env, project=project)
    name = endpoint.lower()
    home = load_env(project, env)
    console.acting_on(home, frozenset())
    workspace = open_workspace(home, project, console)
    live = workspace.observe(Wanted(endpoints=frozenset([name]), autoscale=True))
    if live.get(endpoint_ref(name)) is None:
        raise DeployerError(f"there is no endpoint {endpoint} in the workspace of env {env}")
    if live.unread:
        raise DeployerError(
            f"the autoscale settings of {endpoint} were not looked at: {live.unread}",
            hint="Grant the action Microsoft.Insights/autoscaleSettings/read on the resource group.",
        )
    folder = project / "specs" / name
    if folder.exists():
        raise UsageError(f"{folder} already exists", hint="Move it away, then import again.")
    make_folder(folder)
    made = spec_files(live, name, "../../schemas" if (project / "schemas/endpoint.schema.json").is_file() else "")
    for file, text in made.files.items():
        (folder / file).write_text(text, encoding="utf-8")
        console.out(f"wrote specs/{name}/{file}")
    if made.secrets:
        console.err(
            "These live values could be secrets, and are not in the files. Set an environment variable for each:"
        )
        for variable, where in made.secrets.items():
            console.err(f"  {variable}  ({where})")
    when = "with these set" if made.secrets else "now"
    plan = f"deployer plan --env {env} --endpoint {name}"
    console.err(f"`{plan}` shows no changes {when}; --adopt adds it to this project.")
    return 0
