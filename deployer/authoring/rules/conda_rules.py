"""What a conda file asks for that an environment build cannot give: found here, not minutes later in a build log.

Azure sends the text of the conda file to the build and no file beside it:
https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-environments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from deployer.authoring.containment import is_file
from deployer.authoring.documents.document import Document, Fault, FieldPath
from deployer.authoring.project_index import World, project_path
from deployer.authoring.rules.asset_rules import inline
from deployer.authoring.rules.file_rules import conda_content, conda_files
from deployer.authoring.text.parse import Parsed
from deployer.core.diagnostics import Location, Severity
from deployer.core.references import AssetType, parse_reference
from deployer.core.resources import Kind

Entry = tuple[FieldPath, str]
OTHER_FILE = re.compile(r"(-r|-c|--requirement|--constraint)[\s=]")
EDITABLE = re.compile(r"(-e|--editable)[\s=]")
LOCAL = re.compile(r"(\.{1,2}/|/|[A-Za-z]:\\|file:)|(?!.*://).*\.(whl|tar\.gz|zip)$")
FROM_GIT = re.compile(r"(.* @ )?git\+")
PYTHON = re.compile(r"python\s*={1,2}\s*(\d+)(?:\.(\d+))?")
NEWEST_PYTHON = 15
"""The minor version of the newest Python 3 that was released: https://devguide.python.org/versions/."""
SERVERS = ("azureml-inference-server-http", "azureml-defaults")
MLFLOW_PACKAGES = ("azureml-inference-server-http", "azureml-ai-monitoring", "mlflow")
"""What the scoring script imports that Azure generates for MLflow models:
https://github.com/Azure/azureml-assets/tree/main/assets/inference/environments."""
INLINE = "Azure gets the text of the conda file and no file beside it. "


def conda_entry(document: Document, world: World) -> Iterator[Fault]:
    """Every entry of a conda file can be had by a build that has nothing but this file."""
    for path, data, parsed, name in _contents(document, world):
        for entry, text in _entries(data):
            if found := _cannot(text.strip()):
                summary, hint, severity = found
                place = _place(parsed, name, entry)
                where = path if name else (*path, *entry)
                yield Fault(path=where, place=place, summary=f"`{text}` {summary}", detail=hint, severity=severity)


def _cannot(entry: str) -> tuple[str, str, Severity] | None:
    if OTHER_FILE.match(entry) or EDITABLE.match(entry):
        hint = f"{INLINE}List the packages here; put your own code into `code_configuration.code`."
        return "names another file, which the build does not have", hint, Severity.ERROR
    if LOCAL.match(entry):
        hint = f"{INLINE}Publish the package to a feed, or use `build` with a Dockerfile that copies it."
        return "is a file on this machine, which the build does not have", hint, Severity.ERROR
    if FROM_GIT.match(entry):
        hint = (
            "Use a released version, or an image with git in it; for a private repository, `build` with a Dockerfile."
        )
        return "needs git and access to the repository in the build", hint, Severity.WARNING
    python = PYTHON.match(entry)
    if python and not _exists(int(python[1]), int(python[2] or 0)):
        hint = f"Write python=3.{NEWEST_PYTHON - 3}, or what your packages support."
        return "is a version of Python that does not exist", hint, Severity.ERROR
    return None


def _exists(major: int, minor: int) -> bool:
    return (major == 3 and minor <= NEWEST_PYTHON) or (major, minor) == (2, 7)


def inference_server(document: Document, world: World) -> Iterator[Fault]:
    """The environment of a deployment with a scoring script has the inference server that runs it."""
    environment = _environment_of(document, world)
    if environment is None or not document.get("code_configuration") or "inference_config" in environment.data:
        return
    for path, data, _, name in _contents(environment, world):
        packages = [text for _, text in _entries(data)]
        if packages and not any(server in package for package in packages for server in SERVERS):
            summary = f"the conda file {name or 'in this environment'} has no inference server for the scoring script"
            hint = f"Add `{SERVERS[0]}` to its pip packages."
            at = path if environment is document else ("environment",)
            yield Fault(path=at, summary=summary, detail=hint, severity=Severity.WARNING)


def mlflow_packages(document: Document, world: World) -> Iterator[Fault]:
    """An environment of one's own for an MLflow model without a script has what Azure's script for it imports."""
    environment = _environment_of(document, world)
    if environment is None or document.get("code_configuration") or not _is_mlflow(document, world):
        return
    for path, data, _, name in _contents(environment, world):
        packages = [text.rpartition("::")[2] for _, text in _entries(data)]
        missing = [item for item in MLFLOW_PACKAGES if not any(_is_package(text, item) for text in packages)]
        if packages and missing:
            what = f"the conda file {name or 'in this environment'} has no {' and no '.join(missing)}"
            summary = f"{what}, which the script imports that Azure generates for the MLflow model"
            hint = "Add them to its pip packages, or leave `environment` out: Azure then takes the model's own."
            at = path if environment is document else ("environment",)
            yield Fault(path=at, summary=summary, detail=hint, severity=Severity.WARNING)


def _is_package(requirement: str, name: str) -> bool:
    return bool(re.match(rf"{re.escape(name)}(?![\w.-])", requirement.strip(), re.IGNORECASE))


def _is_mlflow(document: Document, world: World) -> bool:
    """Whether a deployment's model, its own or one of the specs, is one of MLflow."""
    model = _asset_of(document, Kind.MODEL, world)
    written = (model.text("model", "type") if model is document else model.text("type")) if model else ""
    return written.replace("_", "").lower() == "mlflowmodel"


def _environment_of(document: Document, world: World) -> Document | None:
    return _asset_of(document, Kind.ENVIRONMENT, world)


def _asset_of(document: Document, kind: Kind, world: World) -> Document | None:
    """The document with the model or environment of a deployment: its own, or the one of the specs that it names."""
    if isinstance(document.get(kind.value), dict):
        return document
    wanted = parse_reference(AssetType(kind.value), document.text(kind.value), None)
    same = (item for item in world.documents if item.kind is kind and item.text("name") == wanted.name)
    return next((item for item in same if item.text("version") == wanted.version), None)


def _contents(document: Document, world: World) -> Iterator[tuple[FieldPath, Any, Parsed, str]]:
    """Every conda file of a document: the field, its content, where things stand in it, and its name ("" if inline)."""
    for path, file in conda_files(document, world):
        name = project_path(file, world.project)
        if is_file(file) and (parsed := conda_content(file, name)[0]):
            yield path, parsed.data, parsed, name
    for root, data in inline(document, Kind.ENVIRONMENT):
        if isinstance(data.get("conda_file"), dict):
            yield (*root, "conda_file"), data["conda_file"], document.parsed, ""


def _entries(data: Any) -> Iterator[Entry]:
    """Every package that conda and pip are to install, with its place in the file."""
    listed = data.get("dependencies") if isinstance(data, dict) else None
    for index, item in enumerate(listed if isinstance(listed, list) else ()):
        path: FieldPath = ("dependencies", index)
        if isinstance(item, str):
            yield path, item
        elif isinstance(item, dict) and isinstance(item.get("pip"), list):
            yield from ((((*path, "pip", at)), text) for at, text in enumerate(item["pip"]) if isinstance(text, str))


def _place(parsed: Parsed, name: str, entry: FieldPath) -> Location | None:
    if not name:
        return None
    line, column = parsed.line_column(entry)
    return Location(file=name, line=line, column=column)
