"""MLflow models without a scoring script."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from deployer.local_workspace.ports import Workload, WorkloadFailed
from deployer.local_workspace.serving import in_container
from deployer.local_workspace.serving.virtualenvs import Environments
from tests.e2e.serving import changed, run, workload, workspace

SKLEARN = """
import sys, numpy as np, pandas as pd, mlflow.sklearn
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

frame = pd.DataFrame({"age": [1.0, 2.0, 3.0], "weight": [2.0, 1.0, 5.0]})
model = LinearRegression().fit(frame, frame["age"] + 2 * frame["weight"])
given = {"none": {}, "signature": {"signature": infer_signature(frame, model.predict(frame))},
         "example": {"input_example": frame[:1]}}[sys.argv[2]]
mlflow.sklearn.save_model(model, sys.argv[1], **given)
"""
PYFUNC = """
import sys, mlflow.pyfunc, pandas as pd
from mlflow.models import infer_signature

class Scales(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        factor = (params or {}).get("factor", 2)
        return pd.DataFrame({"doubled": model_input["number"] * factor, "name": ["a"] * len(model_input)})

frame = pd.DataFrame({"number": [1, 2]})
mlflow.pyfunc.save_model(sys.argv[1], python_model=Scales(),
                         signature=infer_signature(frame, None, params={"factor": 2}))
"""
TENSOR = """
import sys, numpy as np, mlflow.pyfunc
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec

class Sums(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input["left"].sum(axis=1) + model_input["right"].sum(axis=1)

spec = Schema([TensorSpec(np.dtype("float32"), (-1, 2), name) for name in ("left", "right")])
mlflow.pyfunc.save_model(sys.argv[1], python_model=Sums(), signature=ModelSignature(inputs=spec))
"""
PLAIN = """
import sys, mlflow.pyfunc

class Counts(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [len(text) for text in model_input]

mlflow.pyfunc.save_model(sys.argv[1], python_model=Counts())
"""
SPLIT = {"columns": ["age", "weight"], "index": [0, 1], "data": [[1.0, 2.0], [3, 5]]}
MODELS: dict[str, tuple[str, str, object, object]] = {
    "scikit-learn": (SKLEARN, "none", SPLIT, [5.0, 13.0]),
    "scikit-learn, signature": (SKLEARN, "signature", SPLIT, [5.0, 13.0]),
    "scikit-learn, example": (SKLEARN, "example", SPLIT, [5.0, 13.0]),
    "a frame": (
        PYFUNC,
        "",
        {"columns": ["number"], "index": [0, 1], "data": [[1], [4]]},
        [{"doubled": 2, "name": "a"}, {"doubled": 8, "name": "a"}],
    ),
    "named tensors": (TENSOR, "", {"left": [[1, 2]], "right": [[3, 4]]}, [10.0]),
    "whatever it takes": (PLAIN, "", ["one", "three"], [3, 5]),
}
VERSIONS = {"2": "mlflow<3", "3": "mlflow>=3"}


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
            mine = "dependencies: [{pip: [itsdangerous]}]"
            with pytest.raises(WorkloadFailed, match="The environment has no mlflow, which loads"):
                await stand.put(changed(no_code(tmp_path, "itsdangerous"), conda_file=mine))
            (tmp_path / "models" / "model" / "MLmodel").unlink()
            with pytest.raises(WorkloadFailed, match="no file `MLmodel`"):
                await stand.put(changed(no_code(tmp_path, "itsdangerous"), model_dir=tmp_path))

    run(body())


def saved(code: str, how: str, packages: str, root: Path, folder: Path) -> Path:
    """The models folder of a deployment, with what a training script of these packages saved in it."""

    async def built() -> Path:
        environments = Environments(root / "environments")
        environment = environments.describe(None, f"dependencies: [{{pip: [{packages}]}}]")
        await environments.build(environment)
        return environment.python

    python = asyncio.run(built())
    subprocess.run([python, "-c", code, str(folder / "models" / "model"), how], check=True, cwd=folder)
    return folder / "models"


def of_model(folder: Path, models: Path) -> Workload:
    nothing = {"code_dir": None, "scoring_script": None, "image": None, "conda_file": None}
    return changed(workload(folder), is_mlflow_model=True, model_dir=models, **nothing)


@pytest.mark.long
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_model_is_served_as_azure_serves_it(version: str, name: str, serving_root: Path, tmp_path: Path) -> None:
    code, how, given, expected = MODELS[name]
    models = saved(code, how, f"{VERSIONS[version]}, scikit-learn", serving_root, tmp_path)

    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            await stand.put(of_model(tmp_path, models))
            stand.traffic = {"blue": 100}
            answer = await client.score(json.dumps({"input_data": given}).encode())
            assert (answer.status, answer.json()) == (200, expected), answer.data
            assert answer.headers["x-ms-server-version"].startswith("azmlinfsrv/")
            for wrong in (b'{"inputs": [1]}', b"nonsense"):
                refused = await client.score(wrong)
                assert (refused.status, refused.headers["ms-azureml-model-error-statuscode"]) == (424, "400")
            swagger = await client.score(path="/inference/E/swagger.json?version=3", method="GET")
            assert "input_data" in json.dumps(swagger.json())
            ours = Path(in_container.__file__).parent
            assert {path.name for path in ours.iterdir()} <= {
                "__init__.py",
                "gunicorn_hooks.py",
                "mlflow_score.py",
                "__pycache__",
            }

    run(body())


@pytest.mark.long
def test_parameters_reach_a_model_that_takes_them(serving_root: Path, tmp_path: Path) -> None:
    models = saved(PYFUNC, "", "mlflow>=3, scikit-learn", serving_root, tmp_path)
    frame = {"columns": ["number"], "index": [0], "data": [[3]]}

    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            await stand.put(of_model(tmp_path, models))
            stand.traffic = {"blue": 100}
            asked = {"input_data": frame, "params": {"factor": 5}}
            assert (await client.score(json.dumps(asked).encode())).json() == [{"doubled": 15, "name": "a"}]
            unfit = await client.score(json.dumps({"input_data": "text"}).encode())
            assert (unfit.status, unfit.headers["ms-azureml-model-error-statuscode"]) == (424, "400")

    run(body())
