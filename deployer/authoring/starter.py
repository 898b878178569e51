"""The files that a new project begins with: specs, envs, and something to serve. Pure, but for its own templates."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployer.authoring.starter_texts import template

ENVS = ("dev", "prod")
"""The envs on Azure; there is a local one too."""
SAMPLE = "sample-request.json"

LONGEST_NAME = 32 - len("-prod")
"""The names of endpoints end with their env, and have at most 32 characters."""
NAME = re.compile(rf"[a-z](?:[a-z0-9-]{{1,{LONGEST_NAME - 2}}}[a-z0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class MlflowModel:
    """The folder of an MLflow model, as a path in the project, and a request made from its input example, if any."""

    folder: str
    request: Mapping[str, Any] | None


def name_for(folder: str) -> str:
    """A project's name made from that of its folder, with what endpoint names may have."""
    plain = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")
    named = plain if plain[:1].isalpha() and len(plain) > 2 else f"model-{plain}".rstrip("-")
    return named[:LONGEST_NAME].rstrip("-")


def env_files(name: str) -> dict[str, str]:
    """The env files of a project by their paths in it."""
    azure = {f"specs/env/{env}.yml": template("env-azure.yml", name) for env in ENVS}
    return {"specs/env/local.yml": template("env-local.yml", name), **azure}


def starter_files(name: str, model: MlflowModel | None = None) -> dict[str, str]:
    """All files of a new project by their paths in it; with a `model`, it is served as it is."""
    common = {**env_files(name), "specs/endpoint.yml": template("endpoint.yml", name)}
    if model is not None:
        return {**common, **_serving(model, name)}
    return {
        **common,
        "specs/deployment-blue.yml": template("deployment-blue.yml", name),
        "src/score.py": template("score.py", name),
        "src/conda.yml": template("conda.yml", name),
        SAMPLE: template(SAMPLE, name),
    }


def _serving(model: MlflowModel, name: str) -> dict[str, str]:
    deployment = template("deployment-mlflow.yml", name).replace("MODEL", model.folder)
    if model.request is None:
        return {"specs/deployment-blue.yml": deployment}
    tested = deployment + template("smoke-mlflow.yml", name)
    return {"specs/deployment-blue.yml": tested, SAMPLE: json.dumps(model.request, indent=2) + "\n"}


def request_of(described: Mapping[str, Any], example: Any) -> Mapping[str, Any] | None:
    """The request that Azure takes for an input example that MLflow saved; None for a form that it does not take.

    `described` is `saved_input_example_info` of the file MLmodel, `example` the JSON of the file that it names.
    https://mlflow.org/docs/latest/ml/model/signatures
    """
    match described.get("type"), example:
        case "dataframe", {"columns": list(columns), "data": list(rows)}:
            frame = {"columns": columns, "index": list(range(len(rows))), "data": rows}
            return {"input_data": frame}
        case "dataframe", {"data": list(rows)}:
            width = range(len(rows[0]) if rows and isinstance(rows[0], list) else 1)
            return {"input_data": {"columns": list(width), "index": list(range(len(rows))), "data": rows}}
        case "ndarray", {"inputs": given}:
            return {"input_data": given}
        case "json_object", _:
            return {"input_data": example}
        case _:
            return None
