"""MLflow models without a scoring script."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deployer.local_workspace.ports import Workload, WorkloadFailed
from deployer.local_workspace.serving.virtualenvs import Environments
from tests.e2e.serving import changed, run, workload, workspace

SAVE = """
import sys
import mlflow.pyfunc

class Doubles(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[int]):
        return [2 * number for number in model_input]

mlflow.pyfunc.save_model(sys.argv[1], python_model=Doubles(), pip_requirements=["mlflow"])
"""


def no_code(folder: Path, packages: str) -> Workload:
    """A deployment that names an MLflow model and nothing else; the model brings its packages."""
    model = folder / "models" / "model"
    if not model.exists():
        model.mkdir(parents=True)
        (model / "MLmodel").write_text("flavors: {}\n")
    (model / "conda.yaml").write_text(f"dependencies:\n- pip:\n  - {packages}\n")
    nothing = {"code_dir": None, "scoring_script": None, "image": None, "conda_file": None}
    return changed(workload(folder), is_mlflow_model=True, model_dir=model.parent, **nothing)


def test_a_model_without_mlflow_in_its_environment_is_refused(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, _client):
            with pytest.raises(WorkloadFailed, match="the environment has no mlflow: add the line"):
                await stand.put(no_code(tmp_path, "itsdangerous"))
            (tmp_path / "models" / "model" / "MLmodel").unlink()
            with pytest.raises(WorkloadFailed, match="no file `MLmodel`"):
                await stand.put(changed(no_code(tmp_path, "itsdangerous"), model_dir=tmp_path))

    run(body())


@pytest.mark.long
def test_a_model_is_served_by_the_scoring_server_of_mlflow(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            environments = Environments(serving_root / "environments")
            environment = environments.describe(None, "dependencies:\n- pip:\n  - mlflow\n")
            await environments.build(environment)
            saved = tmp_path / "models" / "model"
            subprocess.run([environment.python, "-c", SAVE, str(saved)], check=True, cwd=tmp_path)
            await stand.put(no_code(tmp_path, "mlflow"))
            stand.traffic = {"blue": 100}
            answer = await client.score(b'{"inputs": [1, 2]}')
            assert (answer.status, answer.json()) == (200, {"predictions": [2, 4]})
            refused = await client.score(b"nonsense")
            assert (refused.status, refused.headers["ms-azureml-model-error-statuscode"]) == (424, "400")

    run(body())
