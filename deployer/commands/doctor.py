"""doctor: whether this machine and this account can do what the other commands need."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from deployer.authoring import load_env, project_secrets, validate_project
from deployer.commands.console import Console
from deployer.core.errors import DeployerError, SpecError
from deployer.core.health import Condition, Health
from deployer.report.health_table import health_json, health_text
from deployer.workspaces import Request, open_workspace

PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY")
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def doctor(request: Request, console: Console, *, as_json: bool) -> int:
    """Look at each condition, and say what to do where it is not well; exit 1 if one has failed."""
    found = [*_machine(), *_specs(request), *_workspace(request, console)]
    if as_json:
        console.out(health_json(found, secrets=console.secrets))
    else:
        console.tell(health_text(found, secrets=console.secrets, color=console.color))
    return 1 if any(condition.health is Health.FAILED for condition in found) else 0


def _machine() -> Iterator[Condition]:
    yield Condition(about="Python", health=Health.WELL, found=platform.python_version())
    for package in ("azureml-deployer", "azure-ai-ml", "azure-identity"):
        yield _package(package)
    if shutil.which("git"):
        yield Condition(about="git", health=Health.WELL, found="found")
    else:
        cure = "Install git: without it, nothing says which commit is planned and applied."
        yield Condition(about="git", health=Health.WARNING, found="not on the path", cure=cure)
    proxy = next((name for name in PROXIES if os.environ.get(name)), "")
    yield Condition(about="proxy", health=Health.WELL, found=f"that in {proxy}" if proxy else "none is set")
    yield from map(_bundle, BUNDLES)


def _package(name: str) -> Condition:
    try:
        return Condition(about=name, health=Health.WELL, found=version(name))
    except PackageNotFoundError:
        cure = "Install the deployer again: a package that it needs is missing."
        return Condition(about=name, health=Health.FAILED, found="not installed", cure=cure)


def _bundle(name: str) -> Condition:
    file = os.environ.get(name)
    if not file:
        return Condition(about=name, health=Health.WELL, found="not set")
    if Path(file).exists():
        return Condition(about=name, health=Health.WELL, found=file)
    cure = f"Correct {name}, or unset it."
    return Condition(about=name, health=Health.FAILED, found=f"names {file}, which is not there", cure=cure)


def _specs(request: Request) -> Iterator[Condition]:
    if not (request.project / "specs").is_dir():
        cure = "`deployer init` begins a project."
        yield Condition(about="specs", health=Health.WARNING, found="there are none here", cure=cure)
        return
    looked = validate_project(request.project, request.env)
    wrong = [item for item in looked.diagnostics if item.severity.stops]
    if wrong:
        found = f"{len(wrong)} with errors, the first at {wrong[0].location}"
        yield Condition(about="specs", health=Health.FAILED, found=found, cure="`deployer validate` lists all of them.")
    else:
        yield Condition(about="specs", health=Health.WELL, found=f"{len(looked.checked)} valid files")


def _workspace(request: Request, console: Console) -> Iterator[Condition]:
    try:
        env = load_env(request.project, request.env)
        console.acting_on(env, project_secrets(request.project, request.env))
        workspace = open_workspace(env, request.project, console)
    except SpecError as error:
        found = error.diagnostics[0].summary
        yield Condition(about="workspace", health=Health.UNKNOWN, found=f"the env file is not valid: {found}")
        return
    except DeployerError as error:
        yield Condition(about="workspace", health=Health.FAILED, found=error.message, cure=error.hint)
        return
    yield from workspace.conditions()
