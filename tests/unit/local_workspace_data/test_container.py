"""Where and with what an inference server is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployer.local_workspace.ports import Workload
from deployer.local_workspace.serving import in_container
from deployer.local_workspace.serving.conda import Packages
from deployer.local_workspace.serving.container import container
from deployer.local_workspace.serving.interpreters import this_one
from deployer.local_workspace.serving.process_groups import Command
from deployer.local_workspace.serving.virtualenvs import Environment
from tests.e2e.serving import changed, workload

OURS = Path(in_container.__file__).parent


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment that has the server and MLflow."""
    packages = tmp_path / "environment" / "venv" / "lib" / "python3.11" / "site-packages"
    for name in ("azureml_inference_server_http-1.5.1", "mlflow-3.1.0"):
        (packages / f"{name}.dist-info").mkdir(parents=True)
    empty = Packages(requirements=(), remarks=())
    return Environment(folder=tmp_path / "environment", packages=empty, interpreter=this_one())


def started(of: Workload, environment: Environment, home: Path) -> Command:
    made = container(of, environment, home=home, socket=home / "s", log=home / "log", pid_file=home / "pid")
    return made.command


def test_a_script_works_in_the_folder_of_its_code(environment: Environment, tmp_path: Path) -> None:
    blue = workload(tmp_path)
    assert started(blue, environment, tmp_path / "home").cwd == blue.code_dir


def test_what_mlflow_writes_is_written_in_the_home_of_the_deployment(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "models" / "model").mkdir(parents=True)
    (tmp_path / "models" / "model" / "MLmodel").write_text("flavors: {}")
    nothing = {"code_dir": None, "scoring_script": None, "image": None, "conda_file": None}
    model = changed(workload(tmp_path), is_mlflow_model=True, model_dir=tmp_path / "models", **nothing)
    command = started(model, environment, tmp_path / "home")
    assert command.cwd == tmp_path / "home"
    assert command.env["AML_APP_ROOT"] == str(OURS)
    assert command.env["MLFLOW_MODEL_FOLDER"] == "model"
