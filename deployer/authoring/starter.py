"""The files that a new project begins with: specs, envs, and something to serve. Pure, but for its own templates."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, assert_never

from deployer.authoring.starter_texts import starter_text, template

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedModel:
    """The file of a model as a path in the project, its library, the packages that load it, and a request, if any."""

    file: str
    library: str
    packages: Sequence[str]
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


def starter_files(name: str, model: MlflowModel | ScriptedModel | None = None) -> dict[str, str]:
    """All files of a new project by their paths in it; with a `model`, that is served."""
    return {**around(name), "specs/endpoint.yml": template("endpoint.yml", name), **_serving(model, name)}


def around(name: str) -> dict[str, str]:
    """The files of a project beside its specs."""
    return {**env_files(name), ".gitignore": template("gitignore", name), "README.md": template("README.md", name)}


def _serving(model: MlflowModel | ScriptedModel | None, name: str) -> dict[str, str]:
    """What is deployed, and a request that it takes, where one is known."""
    match model:
        case None:
            return {
                "specs/deployment-blue.yml": template("deployment-blue.yml", name),
                "src/score.py": template("score.py", name),
                "src/conda.yml": template("conda.yml", name),
                SAMPLE: template(SAMPLE, name),
            }
        case MlflowModel():
            return _tested(template("deployment-mlflow.yml", name).replace("MODEL", model.folder), model.request)
        case ScriptedModel():
            deployment = template("deployment-model.yml", name).replace("MODEL", model.file)
            return {**_tested(deployment, model.request), **_script(model, name)}
    assert_never(model)


def _tested(deployment: str, request: Mapping[str, Any] | None) -> dict[str, str]:
    """A deployment, with a smoke test where there is a request."""
    if request is None:
        return {"specs/deployment-blue.yml": deployment}
    tested = deployment + starter_text("smoke-test.yml")
    return {"specs/deployment-blue.yml": tested, SAMPLE: json.dumps(request, indent=2) + "\n"}


def _script(model: ScriptedModel, name: str) -> dict[str, str]:
    score = template(f"score-{model.library}.py", name).replace('"FILE"', json.dumps(f"*{Path(model.file).suffix}"))
    packages = "".join(f"      - {package}\n" for package in model.packages)
    return {
        "src/score.py": score,
        "src/conda.yml": template("conda-model.yml", name).replace("PACKAGES\n", packages),
    }


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
