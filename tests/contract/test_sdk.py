"""Every operation of the SDK on models, environments, online endpoints and online deployments."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
CONDA = "name: model\nchannels: [conda-forge]\ndependencies: [python=3.11, {pip: [azureml-inference-server-http]}]\n"


def unique(name: str) -> str:
    """A name that nobody else on a shared workspace has."""
    return f"{name}-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder, a code folder and a conda file."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "INPUT_model").mkdir()
    (folder / "INPUT_model" / "weights.txt").write_text("7")
    (folder / "code").mkdir()
    (folder / "code" / "score.py").write_text("def init():\n    pass\n\n\ndef run(data):\n    return data\n")
    (folder / "code" / "crash.py").write_text("def init():\n    raise SystemExit\n\n\ndef run(data):\n    return 1\n")
    (folder / "conda.yml").write_text(CONDA)
    return folder


@pytest.fixture(scope="module")
def assets(client: Any, files: Path) -> tuple[str, str]:
    """A registered model and environment."""
    from azure.ai.ml.entities import Environment, Model

    name = unique("digits")
    client.models.create_or_update(Model(name=name, version="1", path=files / "INPUT_model"))
    client.environments.create_or_update(
        Environment(name=name, version="1", image=IMAGE, conda_file=str(files / "conda.yml"))
    )
    return f"azureml:{name}:1", f"azureml:{name}:1"


@pytest.fixture(scope="module")
def endpoint(client: Any) -> str:
    """An endpoint with nothing in it."""
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    name = unique("e")
    made = client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, tags={"a": "1"})).result()
    assert made.provisioning_state == "Succeeded"
    return name


def deployment(endpoint: str, name: str, assets: tuple[str, str], files: Path, script: str = "score.py") -> Any:
    """A deployment as a user writes it."""
    from azure.ai.ml.entities import CodeConfiguration, ManagedOnlineDeployment

    return ManagedOnlineDeployment(
        name=name,
        endpoint_name=endpoint,
        model=assets[0],
        environment=assets[1],
        code_configuration=CodeConfiguration(code=str(files / "code"), scoring_script=script),
        environment_variables={"LEVEL": 5},
        instance_type="Standard_DS3_v2",
        instance_count=1,
    )


def put(client: Any, wanted: Any) -> Any:
    """Create or update a deployment and wait."""
    return client.online_deployments.begin_create_or_update(wanted).result()


def test_models_are_versioned_labelled_archived_and_listed(client: Any, files: Path) -> None:
    from azure.ai.ml.entities import Model

    name = unique("model")
    first = client.models.create_or_update(Model(name=name, path=files / "INPUT_model", tags={"a": "1"}))
    assert first.version == "1"
    changed = files / "second" / "INPUT_model"
    changed.mkdir(parents=True)
    (changed / "weights.txt").write_text("8")
    second = client.models.create_or_update(Model(name=name, path=changed, description="the second"))
    assert second.version == "2"
    assert client.models.get(name, label="latest").description == "the second"
    assert {found.version for found in client.models.list(name)} == {"1", "2"}
    assert name in {found.name for found in client.models.list()}
    client.models.archive(name, version="1")
    assert {found.version for found in client.models.list(name)} == {"2"}
    client.models.restore(name, version="1")
    client.models.archive(name)
    assert name not in {found.name for found in client.models.list()}
    client.models.restore(name)
    assert client.models.get(name, "1").tags == {"a": "1"}


def test_a_model_comes_down_as_it_went_up(client: Any, files: Path, tmp_path: Path) -> None:
    from azure.ai.ml.entities import Model

    name = unique("model")
    client.models.create_or_update(Model(name=name, version="1", path=files / "INPUT_model"))
    client.models.download(name, "1", download_path=tmp_path)
    assert [found.read_text() for found in tmp_path.rglob("weights.txt")] == ["7"]


def test_the_content_of_a_version_cannot_be_changed(client: Any, files: Path, tmp_path: Path) -> None:
    from azure.ai.ml.entities import Model

    name = unique("model")
    client.models.create_or_update(Model(name=name, version="1", path=files / "INPUT_model"))
    client.models.create_or_update(Model(name=name, version="1", path=files / "INPUT_model", tags={"b": "2"}))
    assert client.models.get(name, "1").tags == {"b": "2"}
    (tmp_path / "weights.txt").write_text("9")
    with pytest.raises(ResourceExistsError):
        client.models.create_or_update(Model(name=name, version="1", path=tmp_path))


def test_a_large_model_goes_up_in_blocks(client: Any, tmp_path: Path) -> None:
    from azure.ai.ml.entities import Model

    content = b"0123456789abcdef" * (5 << 20)
    (tmp_path / "big").mkdir()
    (tmp_path / "big" / "weights.bin").write_bytes(content)
    name = unique("big")
    client.models.create_or_update(Model(name=name, version="1", path=tmp_path / "big"))
    client.models.download(name, "1", download_path=tmp_path / "down")
    (found,) = (tmp_path / "down").rglob("weights.bin")
    assert found.read_bytes() == content


def test_mlflow_models_show_their_flavors(client: Any, tmp_path: Path) -> None:
    from azure.ai.ml.entities import Model

    flavors = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    python_version: 3.11.7\n"
    (tmp_path / "MLmodel").write_text(flavors)
    model = client.models.create_or_update(Model(name=unique("flow"), version="1", path=tmp_path, type="mlflow_model"))
    assert model.flavors["python_function"]["loader_module"] == "mlflow.sklearn"


def test_environments_are_versioned_labelled_archived_and_listed(client: Any, files: Path) -> None:
    from azure.ai.ml.entities import Environment

    name = unique("environment")
    made = client.environments.create_or_update(
        Environment(name=name, image=IMAGE, conda_file=str(files / "conda.yml"))
    )
    assert made.version == "1"
    assert made.conda_file["dependencies"][0] == "python=3.11"
    client.environments.create_or_update(Environment(name=name, version="7", image=IMAGE, description="bare"))
    assert client.environments.get(name, label="latest").description == "bare"
    assert {found.version for found in client.environments.list(name)} == {"1", "7"}
    client.environments.archive(name, version="7")
    assert {found.version for found in client.environments.list(name)} == {"1"}
    client.environments.restore(name, version="7")
    client.environments.archive(name)
    assert name not in {found.name for found in client.environments.list()}
    client.environments.restore(name)
    assert name in {found.name for found in client.environments.list()}


def test_what_is_not_there_is_not_found(client: Any, endpoint: str) -> None:
    looks: list[Callable[[], Any]] = [
        partial(client.models.get, "nowhere", "1"),
        partial(client.environments.get, "nowhere", "1"),
        partial(client.online_endpoints.get, "nowhere"),
        partial(client.online_deployments.get, "nowhere", endpoint),
        partial(client.online_endpoints.get_keys, "nowhere"),
    ]
    for look in looks:
        with pytest.raises(ResourceNotFoundError):
            look()


def test_endpoints_are_updated_listed_and_deleted(client: Any) -> None:
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    name = unique("end")
    client.online_endpoints.begin_create_or_update(
        ManagedOnlineEndpoint(name=name, description="one", tags={"a": "1"}, properties={"p": "1"})
    ).result()
    client.online_endpoints.begin_create_or_update(
        ManagedOnlineEndpoint(name=name, description="two", public_network_access="disabled")
    ).result()
    found = client.online_endpoints.get(name)
    assert (found.description, found.public_network_access.lower(), found.tags) == ("two", "disabled", {})
    assert found.properties["p"] == "1"
    assert found.scoring_uri.endswith("/score")
    assert name in {item.name for item in client.online_endpoints.list()}
    client.online_endpoints.begin_delete(name).result()
    with pytest.raises(ResourceNotFoundError):
        client.online_endpoints.get(name)


def test_keys_are_regenerated_one_at_a_time(client: Any, endpoint: str) -> None:
    before = client.online_endpoints.get_keys(endpoint)
    assert before.primary_key != before.secondary_key
    client.online_endpoints.begin_regenerate_keys(endpoint, key_type="secondary").result()
    after = client.online_endpoints.get_keys(endpoint)
    assert after.primary_key == before.primary_key
    assert after.secondary_key != before.secondary_key


def test_tokens_are_given_where_the_endpoint_takes_tokens(client: Any) -> None:
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    name = unique("tokens")
    client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="aml_token")).result()
    token = client.online_endpoints.get_keys(name)
    assert token.access_token.count(".") == 2
    assert token.expiry_time_utc - token.refresh_after_time_utc == 43_200
    client.online_endpoints.begin_delete(name).result()


def test_deployments_are_created_updated_listed_and_deleted(
    client: Any, endpoint: str, assets: tuple[str, str], files: Path
) -> None:
    made = put(client, deployment(endpoint, "first", assets, files))
    assert made.provisioning_state == "Succeeded"
    assert made.environment_variables["LEVEL"] == "5"
    assert made.environment_variables["AZUREML_ENTRY_SCRIPT"] == "score.py"
    assert made.request_settings.request_timeout_ms == 5_000
    assert made.liveness_probe.failure_threshold == 30
    wanted = deployment(endpoint, "first", assets, files)
    wanted.instance_count, wanted.tags = 3, {"t": "1"}
    put(client, wanted)
    found = client.online_deployments.get("first", endpoint)
    assert (found.instance_count, found.tags) == (3, {"t": "1"})
    assert [item.name for item in client.online_deployments.list(endpoint)] == ["first"]
    assert len(client.online_deployments.get_logs("first", endpoint, lines=2).splitlines()) == 2
    storage = client.online_deployments.get_logs("first", endpoint, lines=300, container_type="storage-initializer")
    assert storage != client.online_deployments.get_logs("first", endpoint, lines=300)
    client.online_deployments.begin_delete("first", endpoint).result()
    assert list(client.online_deployments.list(endpoint)) == []


def test_a_deployment_brings_its_own_model_and_environment(client: Any, endpoint: str, files: Path) -> None:
    from azure.ai.ml.entities import Environment, Model

    wanted = deployment(endpoint, "inline", ("", ""), files)
    wanted.model = Model(path=str(files / "INPUT_model"))
    wanted.environment = Environment(image=IMAGE, conda_file=str(files / "conda.yml"))
    assert put(client, wanted).provisioning_state == "Succeeded"
    client.online_deployments.begin_delete("inline", endpoint).result()


def test_a_deployment_collects_data(client: Any, endpoint: str, assets: tuple[str, str], files: Path) -> None:
    from azure.ai.ml.entities import DataCollector, DeploymentCollection

    for _ in range(2):
        wanted = deployment(endpoint, "collecting", assets, files)
        collections = {"model_inputs": DeploymentCollection(enabled="true")}
        wanted.data_collector = DataCollector(collections=collections, sampling_rate=0.5)
        found = put(client, wanted).data_collector.collections["model_inputs"]
    assert found.data.endswith(f"/data/{endpoint}-collecting-model_inputs/versions/1")
    assert client.data.get(f"{endpoint}-collecting-model_inputs", "1").type == "uri_folder"
    client.online_deployments.begin_delete("collecting", endpoint).result()


def test_an_environment_is_built_from_a_folder(client: Any, tmp_path: Path) -> None:
    from azure.ai.ml.entities import BuildContext, Environment

    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    name = unique("built")
    client.environments.create_or_update(Environment(name=name, version="1", build=BuildContext(path=str(tmp_path))))
    assert client.environments.get(name, "1").build.dockerfile_path == "Dockerfile"


def test_a_deployment_that_never_came_up_has_to_be_deleted(
    client: Any, endpoint: str, assets: tuple[str, str], files: Path
) -> None:
    with pytest.raises(HttpResponseError, match="User container has crashed"):
        put(client, deployment(endpoint, "broken", assets, files, "crash.py"))
    assert client.online_deployments.get("broken", endpoint).provisioning_state == "Failed"
    with pytest.raises(HttpResponseError, match="unrecoverable state"):
        put(client, deployment(endpoint, "broken", assets, files))
    client.online_deployments.begin_delete("broken", endpoint).result()
    assert put(client, deployment(endpoint, "broken", assets, files)).provisioning_state == "Succeeded"


def test_a_failed_update_leaves_what_served_before(
    client: Any, endpoint: str, assets: tuple[str, str], files: Path
) -> None:
    put(client, deployment(endpoint, "lasting", assets, files))
    with pytest.raises(HttpResponseError, match="User container has crashed"):
        put(client, deployment(endpoint, "lasting", assets, files, "crash.py"))
    found = client.online_deployments.get("lasting", endpoint)
    assert found.provisioning_state == "Failed"
    assert found.code_configuration.scoring_script == "score.py"
    assert put(client, deployment(endpoint, "lasting", assets, files)).provisioning_state == "Succeeded"


def test_blue_and_green_as_the_samples_do_it(client: Any, assets: tuple[str, str], files: Path) -> None:
    """The steps of https://learn.microsoft.com/azure/machine-learning/how-to-safely-rollout-online-endpoints."""
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    name = unique("rollout")
    endpoint = client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name)).result()
    for colour, then in (("blue", {"blue": 100}), ("green", {"blue": 100, "green": 0})):
        put(client, deployment(name, colour, assets, files))
        endpoint.traffic = then
        client.online_endpoints.begin_create_or_update(endpoint).result()
    endpoint.mirror_traffic = {"green": 10}
    client.online_endpoints.begin_create_or_update(endpoint).result()
    assert client.online_endpoints.get(name).mirror_traffic == {"green": 10}
    endpoint.mirror_traffic = {"green": 0}
    for traffic in ({"blue": 90, "green": 10}, {"blue": 0, "green": 100}):
        endpoint.traffic = traffic
        client.online_endpoints.begin_create_or_update(endpoint).result()
        assert client.online_endpoints.get(name).traffic == traffic
    client.online_deployments.begin_delete("blue", name).result()
    assert client.online_endpoints.get(name).traffic == {"green": 100}
    client.online_endpoints.begin_delete(name).result()
