"""The data plane with the real inference server behind the real front door."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.e2e.serving import workload, workspace


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder of environments for all tests, so that each is built once."""
    return tmp_path_factory.mktemp("environments")


@pytest.fixture
def root(tmp_path: Path, environments: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "environments").symlink_to(environments)
    return folder


def test_a_deployment_answers_with_the_headers_of_azure(root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(root) as (stand, _, client):
            await stand.put(workload(tmp_path))
            stand.traffic = {"blue": 100}
            answer = await client.score(x_ms_client_request_id="mine-1")
            assert (answer.status, answer.json()) == (200, "blue")
            assert answer.headers["server"] == "azureml-frontdoor"
            assert answer.headers["azureml-model-deployment"] == answer.headers["azureml-model-session"] == "blue"
            assert answer.headers["x-ms-client-request-id"] == "mine-1"
            assert answer.headers["x-ms-run-function-failed"] == "False"
            assert answer.headers["x-ms-server-version"].startswith("azmlinfsrv/")
            assert "x-ms-run-fn-exec-ms" in answer.headers
            assert "Users's init has completed" in stand.runtime.logs("e", "blue", "InferenceServer", 50)
            assert "azureml-inference-server-http" in stand.runtime.logs("e", "blue", "StorageInitializer", 50)

    asyncio.run(body())
