"""Environments are built once for each content."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest
import uv

from deployer.local_workspace.serving.virtualenvs import Environments

CONDA = "dependencies:\n- python=2.7\n- pip:\n  - itsdangerous\n"


@pytest.fixture
def uv_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with one line for each run of uv."""
    calls, program = tmp_path / "calls", tmp_path / "uv"
    program.write_text(f'#!/bin/sh\necho "$1" >> {calls}\nexec {uv.find_uv_bin()} "$@"\n')
    program.chmod(0o700)
    monkeypatch.setattr(uv, "find_uv_bin", lambda: str(program))
    return calls


@pytest.mark.slow
def test_two_at_once_build_once_and_a_third_not_at_all(tmp_path: Path, uv_calls: Path) -> None:
    async def body() -> None:
        environments = Environments(tmp_path / "environments")
        environment = environments.describe("any", CONDA)
        await asyncio.gather(environments.build(environment), environments.build(environment))
        await Environments(tmp_path / "environments").build(environment)
        assert uv_calls.read_text().split() == ["venv", "pip"]
        assert environment.version("itsdangerous") is not None
        assert environment.version("numpy") is None
        assert "WARNING: the conda file asks for Python 2.7" in environment.log.read_text()

    asyncio.run(body())


@pytest.mark.slow
def test_a_build_that_was_interrupted_is_made_anew(tmp_path: Path) -> None:
    async def body() -> None:
        environments = Environments(tmp_path / "environments")
        environment = environments.describe(None, CONDA)
        environment.folder.mkdir(parents=True)
        (environment.folder / "venv").write_text("half of something")
        await environments.build(environment)
        answer = subprocess.run([environment.python, "-c", "import itsdangerous; print(1)"], capture_output=True)
        assert answer.stdout == b"1\n"

    asyncio.run(body())


def test_the_name_is_the_content(tmp_path: Path) -> None:
    environments = Environments(tmp_path)
    folders = [
        environments.describe(image, conda).folder
        for image, conda in [("a", CONDA), ("b", CONDA), ("a", CONDA.replace("itsdangerous", "click"))]
    ]
    assert folders[0] == folders[1] != folders[2]
    prebuilt = environments.describe("mcr.microsoft.com/azureml/minimal-py312-inference:latest", None)
    assert prebuilt.packages.requirements == ("azureml-inference-server-http",)
