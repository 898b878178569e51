"""The package as pip installs it: the wheel carries its schemas, and the command works from it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deployer.local_workspace.serving.interpreters import suited
from tests.e2e.newcomer.conftest import ROOT, built_wheel, copy_of_the_project

UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_carries_what_the_package_reads(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for schema in (ROOT / "schemas").rglob("*.json"):
        assert f"deployer/schemas/{schema.relative_to(ROOT / 'schemas').as_posix()}" in names
    assert not [name for name in names if name.startswith(("tests/", "scoring/", "specs/"))]
    assert "deployer/py.typed" in names


def test_the_command_works_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    installed, project = tmp_path / "installed", copy_of_the_project(tmp_path / "project")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    start = f"import sys; sys.path.insert(0, {str(installed)!r}); from deployer.cli import main; main()"
    for words in (["validate"], ["render"], ["explain", "unknown-field"]):
        command = [sys.executable, "-c", start, *words]
        done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
    (installed / "deployer/schemas/endpoint.schema.json").unlink()
    without = subprocess.run(
        [sys.executable, "-c", start, "validate"], cwd=project.folder, capture_output=True, check=False
    )
    assert without.returncode != 0, "the schemas were read from somewhere else"


@pytest.mark.long
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_wheel_installs_and_serves_on_every_supported_python(version: str, wheel: Path, tmp_path: Path) -> None:
    found = suited(f"=={version}.*")
    if found is None:
        pytest.skip(f"Python {version} is not on this machine: `uv python install {version}` installs it")
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([found.python, "-m", "venv", tmp_path / "venv"], check=True)
    subprocess.run([UV, "pip", "install", "-q", "--python", str(python), str(wheel)], check=True, timeout=900)
    project = tmp_path / "prices"
    project.mkdir()

    def typed(*words: str) -> str:
        command = [str(python.with_name("deployer")), *words]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    typed("init")
    try:
        assert "Applied" in typed("apply")
        assert typed("score", "--request", "sample-request.json").startswith("6")
        assert "No changes." in typed("plan")
    finally:
        typed("local", "down")
