"""init: the files that a new project begins with."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployer.authoring.starter import LONGEST_NAME, NAME, MlflowModel, env_files, name_for, request_of, starter_files
from deployer.authoring.text.parse import parse
from deployer.commands.console import Console
from deployer.commands.files import read_whole
from deployer.core.errors import UsageError

MLMODEL = "MLmodel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Where to begin a project, its name ("" for that of the folder), and the folder of an MLflow model to serve."""

    project: Path
    name: str = ""
    mlflow: Path | None = None


def init(begin: Beginning, console: Console) -> int:
    """Write what is not there yet; of a project that has specs, only its envs. Raises UsageError."""
    name = begin.name or name_for(begin.project.resolve().name)
    if not NAME.fullmatch(name):
        hint = f"Use 3 to {LONGEST_NAME} lower-case letters, digits and dashes, with a letter first: --name my-model."
        raise UsageError(f"`{name}` cannot be the name of a project", hint=hint)
    model = _mlflow(begin.mlflow, begin.project) if begin.mlflow else None
    has_specs = _has_specs(begin.project / "specs")
    if has_specs and model:
        raise UsageError("there are specs here already", hint="Begin with --from-mlflow in a folder without `specs`.")
    for path, text in (env_files(name) if has_specs else starter_files(name, model)).items():
        console.out(f"{'wrote' if _write(begin.project / path, text) else 'kept '} {path}")
    if model and model.request is None:
        console.err(f"{model.folder} has no input example, so that there is no smoke test: save one with the model.")
    console.at(project=begin.project)
    console.err("Next: `deployer apply`")
    return 0


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


def _mlflow(folder: Path, project: Path) -> MlflowModel:
    """The model in a folder of the project. Raises UsageError for a folder that is none, or lies elsewhere."""
    if not (folder / MLMODEL).is_file():
        raise UsageError(f"{folder} is no MLflow model: it has no file {MLMODEL}")
    inside = Path(os.path.relpath(folder.resolve(), project.resolve())).as_posix()
    if inside.split("/")[0] in {"..", "."}:
        raise UsageError(f"{folder} lies outside the project", hint=f"Copy it into {project.resolve()} first.")
    return MlflowModel(folder=inside, request=_request(folder))


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
