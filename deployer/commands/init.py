"""init: the files that a new project begins with."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deployer.authoring.az_files import az_file
from deployer.authoring.model_files import Library, ModelFile, read_model_file
from deployer.authoring.pipelines import Platform, pipeline_files
from deployer.authoring.starter import (
    ENVS,
    LONGEST_NAME,
    NAME,
    MlflowModel,
    ScriptedModel,
    around,
    env_files,
    name_for,
    request_of,
    starter_files,
)
from deployer.authoring.text.parse import parse
from deployer.commands.console import Console
from deployer.commands.files import read_whole
from deployer.commands.import_endpoint import import_endpoint
from deployer.core.errors import UsageError

MLMODEL = "MLmodel"
ONE_SOURCE = "Begin with one of --from-mlflow, --from-model, --from-az and --from-endpoint."


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Where to begin a project, its name ("" for that of the folder), and what from: the folder of an MLflow model,
    the file of a model, files of `az ml`, or a live endpoint, in the workspace of `env`. `pipelines` None writes none.
    """

    project: Path
    name: str = ""
    mlflow: Path | None = None
    model: Path | None = None
    az: Sequence[Path] = ()
    endpoint: str = ""
    env: str = "dev"
    pipelines: Platform | None = None


def init(begin: Beginning, console: Console) -> int:
    """Write what is not there yet; of a project that has specs, only its envs. Raises UsageError."""
    name = begin.name or name_for(begin.project.resolve().name)
    if not NAME.fullmatch(name):
        hint = f"Use 3 to {LONGEST_NAME} lower-case letters, digits and dashes, with a letter first: --name my-model."
        raise UsageError(f"`{name}` cannot be the name of a project", hint=hint)
    files = {**_files(begin, name), **_pipelines(begin.pipelines)}
    for path, text in files.items():
        console.out(f"{'wrote' if _write(begin.project / path, text) else 'kept '} {path}")
    if begin.endpoint:
        return import_endpoint(begin.project, begin.env, begin.endpoint, console)
    if (begin.mlflow or begin.model) and not any(path.startswith("sample-request") for path in files):
        console.err("The model does not say what it takes, so that there is no smoke test: add a request, and name it")
        console.err("under `x-smoke-test` in specs/deployment-blue.yml.")
    console.at(project=begin.project)
    console.err("Next: `deployer apply`")
    return 0


def _files(begin: Beginning, name: str) -> Mapping[str, str]:
    """The files by their paths. Raises UsageError for what cannot be begun from, or where there are specs already."""
    sources = [source for source in (begin.mlflow, begin.model, begin.az, begin.endpoint) if source]
    if len(sources) > 1:
        raise UsageError("a project begins from one thing", hint=ONE_SOURCE)
    if _has_specs(begin.project / "specs"):
        if sources and not begin.endpoint:
            raise UsageError("there are specs here already", hint="Begin in a folder without `specs`.")
        return env_files(name)
    if begin.az:
        return {**around(name), **_of_az(begin)}
    if begin.endpoint:
        return around(name)
    if begin.mlflow:
        return starter_files(name, _mlflow(begin.mlflow, begin.project))
    return starter_files(name, _scripted(begin.model, begin.project) if begin.model else None)


def _pipelines(platform: Platform | None) -> Mapping[str, str]:
    if platform is None:
        return {}
    release = f"azureml-deployer=={version('azureml-deployer')}"
    return pipeline_files(platform, ENVS, f'python -m pip install --quiet "{release}"\n')


def _of_az(begin: Beginning) -> Mapping[str, str]:
    """The specs made of files of `az ml`, by their names."""
    found: dict[str, str] = {}
    for file in begin.az:
        place = f"specs/{file.name}"
        if place in found:
            raise UsageError(f"two files are called {file.name}", hint="Rename one of them first.")
        _inside(file, begin.project)
        found[place] = az_file(file, begin.project / place)
    return found


def _has_specs(folder: Path) -> bool:
    """Whether there are YAML files beside those of the envs."""
    return any(path.relative_to(folder).parts[0] != "env" for path in folder.glob("**/*.y*ml"))


def _write(file: Path, text: str) -> bool:
    """Whether a file was written: one that is there stays as it is. Raises UsageError if it cannot be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    return True


def _inside(path: Path, project: Path) -> str:
    """The path in the project. Raises UsageError for one outside."""
    inside = Path(os.path.relpath(path.resolve(), project.resolve())).as_posix()
    if inside.split("/")[0] in {"..", "."}:
        raise UsageError(f"{path} lies outside the project", hint=f"Copy it into {project.resolve()} first.")
    return inside


def _scripted(file: Path, project: Path) -> ScriptedModel:
    """The model in a file of the project, with the packages that load it. Raises UsageError."""
    found = read_model_file(file)
    return ScriptedModel(
        file=_inside(file, project), library=found.library.value, packages=_packages(found), request=found.request
    )


def _packages(found: ModelFile) -> Sequence[str]:
    pinned = f"=={found.version}" if found.version else ""
    match found.library:
        case Library.SKLEARN:
            return (f"scikit-learn{pinned}", "joblib")
        case Library.KERAS:
            return (f"keras{pinned}", "tensorflow")
        case Library.ONNX:
            return ("onnxruntime", "numpy")


def _mlflow(folder: Path, project: Path) -> MlflowModel:
    """The model in a folder of the project. Raises UsageError for a folder that is none, or lies elsewhere."""
    if not (folder / MLMODEL).is_file():
        raise UsageError(f"{folder} is no MLflow model: it has no file {MLMODEL}")
    return MlflowModel(folder=_inside(folder, project), request=_request(folder))


def _request(folder: Path) -> Mapping[str, Any] | None:
    described = parse(read_whole(folder / MLMODEL), str(folder / MLMODEL)).data
    about = described.get("saved_input_example_info") if isinstance(described, dict) else None
    file = folder / str(about.get("artifact_path", "")) if isinstance(about, dict) else folder
    if not isinstance(about, dict) or not file.is_file():
        return None
    try:
        return request_of(about, json.loads(read_whole(file)))
    except ValueError as error:
        raise UsageError(f"{file} is not JSON: {error}") from error
