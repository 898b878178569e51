"""From an empty folder to an answer, as the README says it: a script of one's own, and an MLflow model."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import joblib
import pytest

from tests.e2e.newcomer.conftest import Project
from tests.e2e.test_serving_mlflow import SKLEARN, saved

pytestmark = pytest.mark.xdist_group("newcomer")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Project]:
    """An empty folder with a good name."""
    folder = tmp_path / "wine-prices"
    folder.mkdir()
    project = Project(folder=folder)
    yield project
    project.run("local", "down")


def typed(project: Project, told: str) -> subprocess.CompletedProcess[str]:
    """What comes of the command that a message says is next, typed as it is printed."""
    found = re.search(r"^Next: `?([^`\n]+)`?$", told, re.MULTILINE)
    assert found is not None, told
    return subprocess.run(
        shlex.split(found[1]), cwd=project.folder, capture_output=True, text=True, timeout=300, check=False
    )


def test_three_commands_from_an_empty_folder_to_an_answer(empty: Project) -> None:
    begun = empty.run("init")
    assert begun.returncode == 0, begun.stderr
    assert "wrote specs/endpoint.yml" in begun.stdout
    applied = typed(empty, begun.stderr)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    answered = typed(empty, applied.stdout)
    assert answered.stdout.splitlines()[0] == "6", answered.stderr
    assert empty.run("plan", "--detailed-exitcode").returncode == 0


BYTES = """import json
from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse

def init():
    pass

@rawhttp
def run(request: AMLRequest):
    said = {"type": request.headers["Content-Type"], "size": len(request.get_data()), "by": request.headers["X-By"]}
    return AMLResponse(json.dumps(said), 200)
"""
OF_BYTES = """x-smoke-test:
  request: ../picture.bin
  content_type: image/png
  headers: {X-By: smoke}
  subset: {by: smoke, size: 3000}
  schema: {type: object, required: [type], properties: {type: {const: image/png}}}
"""


def test_bytes_of_any_media_type_are_sent_with_headers_of_their_own(empty: Project) -> None:
    empty.run("init")
    (empty.folder / "src/score.py").write_text(BYTES)
    (empty.folder / "picture.bin").write_bytes(bytes(range(250)) * 12)
    spec = empty.folder / "specs/deployment-blue.yml"
    spec.write_text(spec.read_text().partition("# It gets traffic")[0] + OF_BYTES)
    applied = empty.run("apply")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "sends picture.bin as image/png with X-By; expects status 200" in applied.stdout
    words = ("score", "picture.bin", "--header", "content-type: image/gif", "--header", "X-By: me")
    answered = empty.run(*words)
    assert json.loads(answered.stdout.splitlines()[0]) == {"type": "image/gif", "size": 3000, "by": "me"}
    assert "--header 'Content-Type: image/gif'" in empty.run(*words, "--curl").stdout
    refused = empty.run("score", "picture.bin", "--header", "Authorization: x")
    assert (refused.returncode, "cannot set 'Authorization'" in refused.stderr) == (64, True)


@pytest.mark.long
def test_an_mlflow_model_is_served_as_it_is(empty: Project, tmp_path: Path) -> None:
    saved(SKLEARN, "example", "mlflow>=3, scikit-learn", tmp_path, empty.folder)
    begun = empty.run("init", "--from-mlflow", "models/model")
    assert begun.returncode == 0, begun.stderr
    applied = empty.run("apply")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    answered = empty.run("score", "--request", "sample-request.json", "--json")
    assert answered.returncode == 0, answered.stderr
    assert "5.0" in json.dumps(json.loads(answered.stdout))


@pytest.mark.long
def test_a_scikit_learn_model_of_ones_own_is_served(empty: Project) -> None:
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    rows, kinds = load_iris(return_X_y=True)
    (empty.folder / "model").mkdir()
    joblib.dump(LogisticRegression(max_iter=500).fit(rows, kinds), empty.folder / "model/iris.joblib", compress=3)
    begun = empty.run("init", "--from-model", "model/iris.joblib", "--pipelines", "github")
    assert begun.returncode == 0, begun.stderr
    applied = typed(empty, begun.stderr)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    answered = typed(empty, applied.stdout)
    assert answered.stdout.splitlines()[0] in ("[0]", "[1]", "[2]"), answered.stderr
    setosa = empty.run("score", json.dumps({"data": [[5.1, 3.5, 1.4, 0.2]]}))
    assert setosa.stdout.splitlines()[0] == "[0]"
    assert empty.run("plan", "--detailed-exitcode").returncode == 0
