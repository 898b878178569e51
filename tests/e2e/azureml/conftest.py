"""One local workspace for all tests of the port, with assets that deployments can name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deployer.azureml import connect
from deployer.core.coordinates import Coordinates, LocalServer
from deployer.core.resources import Resource
from deployer.core.workspace import Workspace
from tests.e2e.azureml.site import create, local_workspace, model_hash
from tests.unit.azureml import fields

CONDA = {"name": "serving", "dependencies": ["python=3.11", {"pip": ["azureml-inference-server-http"]}]}
GOOD = "def init():\n    pass\n\n\ndef run(data):\n    return len(data)\n"
BAD = "def init():\n    raise RuntimeError('no weights here')\n\n\ndef run(data):\n    return 0\n"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("azureml-server")
    local_workspace(root, "up")
    yield root
    local_workspace(root, "down")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("azureml-project")
    for name, script in (("good", GOOD), ("bad", BAD)):
        (root / name).mkdir()
        (root / name / "score.py").write_text(script)
    (root / "model").mkdir()
    (root / "model" / "weights.txt").write_text("1 2 3")
    return root


@pytest.fixture(scope="session")
def site(server: Path) -> tuple[Coordinates, LocalServer]:
    found = json.loads((server / "connection.json").read_text())
    where = found["workspace"]
    return (
        Coordinates(
            subscription_id=where["subscription_id"], resource_group=where["resource_group"], name=where["name"]
        ),
        LocalServer(
            api=found["api"],
            page=found["page"],
            ca_file=Path(found["ca_file"]),
            token_file=Path(found["token_file"]),
            location=found["location"],
        ),
    )


@pytest.fixture(scope="session")
def workspace(site: tuple[Coordinates, LocalServer], project: Path) -> Workspace:
    return connect(site[0], project="demo", root=project, local=site[1])


@pytest.fixture(scope="session")
def assets(workspace: Workspace, project: Path) -> tuple[Resource, Resource]:
    """A model and an environment that deployments can name."""
    model = replace(fields.model(path=model_hash(project / "model")), sources={("path",): "model"})
    environment = fields.environment(conda_file=CONDA)
    for item in (model, environment):
        create(workspace, item)
    return model, environment
