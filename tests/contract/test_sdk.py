"""Every operation of the SDK on models, environments, online endpoints and online deployments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CONDA = "name: model\nchannels: [conda-forge]\ndependencies: [python=3.11, {pip: [azureml-inference-server-http]}]\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder, a code folder and a conda file."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "INPUT_model").mkdir()
    (folder / "INPUT_model" / "weights.txt").write_text("7")
    (folder / "code").mkdir()
    (folder / "code" / "score.py").write_text("def init():\n    pass\n\n\ndef run(data):\n    return data\n")
    (folder / "code" / "crash.py").write_text("def init():\n    pass\n\n\ndef run(data):\n    return 1\n")
    (folder / "conda.yml").write_text(CONDA)
    return folder


@pytest.fixture(scope="module")
def assets(client: Any, files: Path) -> tuple[str, str]:
    """A registered model and environment."""
    from azure.ai.ml.entities import Environment, Model

    client.models.create_or_update(Model(name="digits", version="1", path=files / "INPUT_model"))
    image = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
    client.environments.create_or_update(
        Environment(name="serving", version="1", image=image, conda_file=str(files / "conda.yml"))
    )
    return "azureml:digits:1", "azureml:serving:1"


def deployment(endpoint: str, name: str, assets: tuple[str, str], files: Path, script: str = "score.py") -> Any:
    """A deployment as a user writes it."""
    from azure.ai.ml.entities import CodeConfiguration, ManagedOnlineDeployment

    return ManagedOnlineDeployment(
        name=name,
        endpoint_name=endpoint,
        model=assets[0],
        environment=assets[1],
        code_configuration=CodeConfiguration(code=str(files / "code"), scoring_script=script),
        instance_type="Standard_DS3_v2",
        instance_count=1,
    )


def test_create_an_endpoint_and_a_deployment_and_send_traffic(
    client: Any, assets: tuple[str, str], files: Path
) -> None:
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    endpoint = client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="thin")).result()
    assert endpoint.provisioning_state == "Succeeded"
    blue = client.online_deployments.begin_create_or_update(deployment("thin", "blue", assets, files)).result()
    assert blue.provisioning_state == "Succeeded"
    endpoint.traffic = {"blue": 100}
    client.online_endpoints.begin_create_or_update(endpoint).result()
    assert client.online_endpoints.get("thin").traffic == {"blue": 100}
    keys = client.online_endpoints.get_keys("thin")
    assert keys.primary_key != keys.secondary_key
