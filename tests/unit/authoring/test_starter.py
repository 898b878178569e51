"""What `deployer init` writes is valid as it is, in every env, and never replaces a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.authoring import validate_project
from deployer.authoring.starter import ENVS, NAME, MlflowModel, name_for, request_of, starter_files
from deployer.commands.console import Console
from deployer.commands.init import Beginning, init
from deployer.core.errors import UsageError

FRAME = {"columns": ["a", "b"], "data": [[1, 2.5], [3, 4.0]]}
AZURE = ("AZURE_SUBSCRIPTION_ID", "AZURE_RESOURCE_GROUP", "AZURE_ML_WORKSPACE")


def written(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def mlflow_model(folder: Path, example: object = FRAME, kind: str = "dataframe") -> Path:
    """The folder of an MLflow model with an input example."""
    folder.mkdir(parents=True)
    about = {"artifact_path": "input_example.json", "type": kind, "pandas_orient": "split"}
    flavors = {"python_function": {"loader_module": "mlflow.sklearn"}}
    (folder / "MLmodel").write_text(json.dumps({"flavors": flavors, "saved_input_example_info": about}))
    (folder / "input_example.json").write_text(json.dumps(example))
    return folder


@pytest.mark.parametrize("env", ["local", *ENVS])
@pytest.mark.parametrize("mlflow", [False, True])
def test_what_is_written_is_valid_at_once(
    env: str, mlflow: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in AZURE:
        monkeypatch.setenv(variable, "00000000-0000-0000-0000-000000000000")
    model = mlflow_model(tmp_path / "models" / "m") if mlflow else None
    assert init(Beginning(project=tmp_path, name="my-shop", mlflow=model), Console()) == 0
    looked = validate_project(tmp_path, env)
    assert looked.diagnostics == ()
    assert looked.checked == ("specs/deployment-blue.yml", "specs/endpoint.yml")


def test_a_second_time_writes_nothing(tmp_path: Path) -> None:
    init(Beginning(project=tmp_path), Console())
    before = {name: (tmp_path / name).read_text() for name in written(tmp_path)}
    for name in ("specs/endpoint.yml", "specs/env/local.yml"):
        (tmp_path / name).write_text(f"# mine\n{before[name]}")
    init(Beginning(project=tmp_path), Console())
    assert written(tmp_path) == before.keys()
    assert (tmp_path / "specs/endpoint.yml").read_text().startswith("# mine")
    assert (tmp_path / "specs/env/local.yml").read_text().startswith("# mine")


@pytest.mark.parametrize("spec", ["specs/online/endpoint.yaml", "specs/endpoint.yml"])
def test_a_repository_that_has_specs_gets_its_envs_alone(spec: str, tmp_path: Path) -> None:
    (tmp_path / spec).parent.mkdir(parents=True)
    (tmp_path / spec).write_text("name: mine\nauth_mode: key\n")
    init(Beginning(project=tmp_path), Console())
    assert written(tmp_path) == {spec, *(f"specs/env/{env}.yml" for env in ("local", *ENVS))}
    with pytest.raises(UsageError, match="there are specs here already"):
        init(Beginning(project=tmp_path, mlflow=mlflow_model(tmp_path / "m")), Console())


def test_the_request_of_a_model_is_its_input_example(tmp_path: Path) -> None:
    init(Beginning(project=tmp_path, mlflow=mlflow_model(tmp_path / "m")), Console())
    asked = json.loads((tmp_path / "sample-request.json").read_text())
    assert asked == {"input_data": {"columns": ["a", "b"], "index": [0, 1], "data": [[1, 2.5], [3, 4.0]]}}
    assert "path: ../m\n" in (tmp_path / "specs/deployment-blue.yml").read_text()


@pytest.mark.parametrize(
    ("kind", "example", "given"),
    [
        ("dataframe", {"data": [[1, 2]]}, {"columns": [0, 1], "index": [0], "data": [[1, 2]]}),
        ("ndarray", {"inputs": [[1.0]]}, [[1.0]]),
        ("ndarray", {"inputs": {"left": [1]}}, {"left": [1]}),
        ("json_object", ["a text"], ["a text"]),
        ("sparse_matrix_csr", {"data": [1]}, None),
        ("dataframe", [1], None),
    ],
)
def test_every_form_of_example_that_azure_takes_is_a_request(kind: str, example: object, given: object) -> None:
    assert request_of({"type": kind}, example) == (None if given is None else {"input_data": given})


def test_a_model_without_an_example_has_no_smoke_test(tmp_path: Path) -> None:
    model = mlflow_model(tmp_path / "m")
    (model / "input_example.json").unlink()
    init(Beginning(project=tmp_path, mlflow=model), Console())
    assert "x-smoke-test" not in (tmp_path / "specs/deployment-blue.yml").read_text()
    assert not (tmp_path / "sample-request.json").exists()


def test_a_model_that_is_none_or_elsewhere_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "empty").mkdir(parents=True)
    elsewhere = mlflow_model(tmp_path / "m")
    broken = mlflow_model(project / "broken")
    (broken / "input_example.json").write_text("{")
    for folder, words in ((project / "empty", "is no MLflow model"), (elsewhere, "outside"), (broken, "is not JSON")):
        with pytest.raises(UsageError, match=words):
            init(Beginning(project=project, mlflow=folder), Console())
    assert not (project / "specs").exists()


@pytest.mark.parametrize("name", ["a", "Shop", "1shop", "shop-", "a" * 40, "my_shop"])
def test_a_name_that_no_endpoint_can_have_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be the name"):
        init(Beginning(project=tmp_path, name=name), Console())
    assert written(tmp_path) == set()


@given(st.text(min_size=1, max_size=60))
def test_any_folder_gives_a_name(folder: str) -> None:
    assert NAME.fullmatch(name_for(folder))


def test_without_a_model_there_is_something_to_serve() -> None:
    there = starter_files("shop")
    assert {"src/score.py", "src/conda.yml", "sample-request.json"} <= there.keys()
    assert "src/score.py" not in starter_files("shop", MlflowModel(folder="m", request=None))
