"""`deployer init` from the file of a model and from YAML of `az ml`: what is written is valid as it is."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from deployer.authoring import validate_project
from deployer.authoring.model_files import read_model_file
from deployer.authoring.model_files.keras_file import zeros
from deployer.authoring.pipelines import Platform
from deployer.authoring.starter import ENVS
from deployer.commands.console import Console
from deployer.commands.init import Beginning, init
from deployer.core.errors import UsageError

AZURE = ("AZURE_SUBSCRIPTION_ID", "AZURE_RESOURCE_GROUP", "AZURE_ML_WORKSPACE")


@pytest.fixture(autouse=True)
def workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in AZURE:
        monkeypatch.setenv(variable, "00000000-0000-0000-0000-000000000000")


def fitted(features: int) -> Any:
    rows = [[float(row + column) for column in range(features)] for row in range(6)]
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, [0, 1] * 3)


def saved(file: Path, content: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def keras(shape: list[int | None], **more: Any) -> bytes:
    """An archive as Keras 3 writes it, without weights."""
    layer = {"class_name": "InputLayer", "config": {"batch_shape": shape, "dtype": "float32"}}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.12.0"}))
        archive.writestr("config.json", json.dumps({"config": {"layers": [layer]}, **more}))
    return stream.getvalue()


def field(number: int, value: bytes | int) -> bytes:
    """A field of a protocol buffer."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2]) + varint(len(value)) + value


def varint(number: int) -> bytes:
    head, rest = number & 0x7F, number >> 7
    return bytes([head | 0x80]) + varint(rest) if rest else bytes([head])


def onnx(*inputs: tuple[str, list[int]], weights: tuple[str, ...] = ()) -> bytes:
    """A model of ONNX with these inputs and initializers: 0 is a size that is open."""

    def value_info(name: str, shape: list[int]) -> bytes:
        dims = b"".join(field(1, field(1, size) if size else field(2, b"batch")) for size in shape)
        tensor = field(1, field(1, 1) + field(2, dims))
        return field(1, name.encode()) + field(2, tensor)

    graph = b"".join(field(5, field(8, name.encode())) for name in weights)
    graph += b"".join(field(11, value_info(*each)) for each in inputs)
    return field(1, 8) + field(7, graph)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("features", [1, 4, 300])
def test_a_pickle_says_its_version_and_features_and_is_not_opened(protocol: int, features: int, tmp_path: Path) -> None:
    found = read_model_file(saved(tmp_path / "m.pkl", pickle.dumps(fitted(features), protocol=protocol)))
    assert found.library.value == "sklearn"
    assert found.version.split(".")[0] == "1"
    assert found.request == {"data": [[0.0] * features]}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zlib.compress])
def test_a_compressed_joblib_file_is_read_too(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    content = pack(pickle.dumps(fitted(3)))
    assert read_model_file(saved(tmp_path / "m.joblib", content)).request == {"data": [[0.0] * 3]}
    with pytest.raises(UsageError, match="damaged"):
        read_model_file(saved(tmp_path / "n.joblib", content[:20]))


class Explodes:
    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("raise SystemExit('sklearn was unpickled')",)


def test_a_pickle_is_never_executed(tmp_path: Path) -> None:
    found = read_model_file(saved(tmp_path / "m.pkl", pickle.dumps(Explodes())))
    assert (found.version, found.request) == ("", None)


@pytest.mark.parametrize("shape", [[None, 4], [None, 2, 3], [None, None, 2]])
def test_an_archive_of_keras_says_what_it_takes(shape: list[int | None], tmp_path: Path) -> None:
    found = read_model_file(saved(tmp_path / "m.keras", keras(shape)))
    assert (found.version, found.request) == ("3.12.0", {"data": [zeros(shape[1:])]})


def test_the_inputs_of_onnx_are_those_that_are_no_weights(tmp_path: Path) -> None:
    content = onnx(("x", [0, 2]), ("w", [2, 2]), ("y", [3]), weights=("w",))
    assert read_model_file(saved(tmp_path / "m.onnx", content)).request == {"x": [[0.0, 0.0]], "y": [0.0] * 3}


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("m.pkl", pickle.dumps({"a": 1}), "does not mention scikit-learn"),
        ("m.keras", b"PK no", "no archive of Keras"),
        ("m.keras", keras([None, 10_000_000]), "10,000,000 numbers"),
        ("m.onnx", b"\x0f", "no protocol buffer"),
        ("m.onnx", b"\x3a\x7f", "ends too early"),
        ("m.onnx", b"", "no graph"),
        ("m.pt", b"", "of no kind of model"),
    ],
)
def test_what_is_no_model_is_refused_with_its_reason(name: str, content: bytes, problem: str, tmp_path: Path) -> None:
    file = saved(tmp_path / name, content)
    with pytest.raises(UsageError, match=problem):
        init(Beginning(project=tmp_path, model=file), Console())
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


MODELS = {
    "models/iris.pkl": lambda: pickle.dumps(fitted(4)),
    "models/a b.keras": lambda: keras([None, 4]),
    "m.onnx": lambda: onnx(("x", [0, 2])),
}


@pytest.mark.parametrize("env", ["local", *ENVS])
@pytest.mark.parametrize("name", MODELS)
def test_what_is_written_for_a_model_is_valid_at_once(name: str, env: str, tmp_path: Path) -> None:
    file = saved(tmp_path / name, MODELS[name]())
    assert init(Beginning(project=tmp_path, name="iris", model=file, pipelines=Platform.GITHUB), Console()) == 0
    assert [str(item) for item in validate_project(tmp_path, env).diagnostics] == []
    spec = (tmp_path / "specs/deployment-blue.yml").read_text()
    assert f"path: ../{name}\n" in spec
    assert "x-smoke-test:" in spec
    compile((tmp_path / "src/score.py").read_text(), "score.py", "exec")
    assert f'rglob("*{Path(name).suffix}")' in (tmp_path / "src/score.py").read_text()
    assert (tmp_path / ".github/workflows/deployer-review.yml").is_file()
    assert ".deployer/" in (tmp_path / ".gitignore").read_text()


def test_a_model_that_does_not_say_what_it_takes_has_no_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = saved(tmp_path / "m.pkl", pickle.dumps(Explodes()))
    init(Beginning(project=tmp_path, model=file), Console())
    assert "x-smoke-test" not in (tmp_path / "specs/deployment-blue.yml").read_text()
    assert "there is no smoke test: add a request" in capsys.readouterr().err


def test_versions_of_what_loads_a_model_are_pinned(tmp_path: Path) -> None:
    init(Beginning(project=tmp_path, model=saved(tmp_path / "m.keras", keras([None, 4]))), Console())
    packages = yaml.safe_load((tmp_path / "src/conda.yml").read_text())["dependencies"][-1]["pip"]
    assert packages == ["azureml-inference-server-http", "keras==3.12.0", "tensorflow"]


AZ = {
    "cli/endpoint.yml": "$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineEndpoint.schema.json\n"
    "name: my-endpoint\nauth_mode: key\n",
    "cli/blue-deployment.yml": """# as in the tutorial
name: blue
endpoint_name: my-endpoint
model:
  path: ../model/m.pkl  # trained in May
code_configuration:
  code: .././onlinescoring/
  scoring_script: score.py
environment:
  conda_file: conda.yaml
  image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest
instance_type: Standard_DS3_v2
instance_count: 1
""",
    "cli/conda.yaml": "name: x\ndependencies: [python=3.11, pip, {pip: [azureml-inference-server-http]}]\n",
    "onlinescoring/score.py": "def init(): ...\n\n\ndef run(data): ...\n",
    "model/m.pkl": "x",
}


@pytest.fixture
def az(tmp_path: Path) -> Path:
    """A repository with what the tutorial of Azure makes."""
    for name, text in AZ.items():
        saved(tmp_path / name, text.encode())
    return tmp_path


@pytest.mark.parametrize("env", ["local", *ENVS])
def test_files_of_az_ml_are_taken_as_they_are(az: Path, env: str) -> None:
    files = (az / "cli/endpoint.yml", az / "cli/blue-deployment.yml")
    assert init(Beginning(project=az, name="mine", az=files), Console()) == 0
    looked = validate_project(az, env)
    assert [str(item) for item in looked.diagnostics if item.severity.stops] == []
    assert set(looked.checked) == {"specs/endpoint.yml", "specs/blue-deployment.yml"}
    text = (az / "specs/blue-deployment.yml").read_text()
    assert text.startswith("# as in the tutorial\n")
    assert "  path: ../model/m.pkl  # trained in May\n" in text
    assert "  code: ../onlinescoring\n" in text
    assert "  conda_file: ../cli/conda.yaml\n" in text


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (("cli/conda.yaml",), "is no endpoint, deployment, model or environment"),
        (("../elsewhere.yml",), "outside the project"),
        (("cli/endpoint.yml", "other/endpoint.yml"), "two files are called endpoint.yml"),
    ],
)
def test_what_is_no_file_of_az_ml_is_refused(az: Path, files: tuple[str, ...], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        init(Beginning(project=az, az=tuple(az / file for file in files)), Console())
    assert not (az / "specs").exists()


def test_a_project_begins_from_one_thing(az: Path) -> None:
    with pytest.raises(UsageError, match="from one thing"):
        init(Beginning(project=az, model=az / "model/m.pkl", endpoint="x"), Console())


@pytest.mark.parametrize(
    ("platform", "file"),
    [(Platform.GITHUB, ".github/workflows/deployer-drift.yml"), (Platform.AZURE, "azure-pipelines.yml")],
)
def test_pipelines_install_this_version_and_stay_when_they_are_there(
    platform: Platform, file: str, tmp_path: Path
) -> None:
    init(Beginning(project=tmp_path, pipelines=platform), Console())
    assert 'pip install --quiet "azureml-deployer==' in (tmp_path / file).read_text()
    (tmp_path / file).write_text("# mine\n")
    init(Beginning(project=tmp_path, pipelines=platform), Console())
    assert (tmp_path / file).read_text() == "# mine\n"
