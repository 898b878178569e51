"""Which of the Pythons on a machine a deployment runs on."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.local_workspace.serving import interpreters
from deployer.local_workspace.serving.interpreters import suited, this_one

MINE = ".".join(map(str, sys.version_info[:2]))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine with pyenv, where nothing is installed yet, and no Python on PATH."""
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    interpreters._others.cache_clear()
    yield tmp_path
    interpreters._others.cache_clear()


def install(python: Path, version: str) -> None:
    """A program that says it is this version of Python."""
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text(f"#!/bin/sh\necho {version} /home/of/{version}\n")
    python.chmod(0o700)


@pytest.mark.parametrize(
    "wanted", ["", f"=={MINE}.*", f"=={platform.python_version()}", f"=={MINE}.99", f">={MINE},<9"]
)
def test_this_python_serves_wherever_it_may(wanted: str) -> None:
    assert suited(wanted) == this_one()


@pytest.mark.parametrize("wanted", ["==2.7.*", "==3.7.*", "==4.*", "nonsense", ">=3.9<"])
def test_what_is_not_on_this_machine_is_not_found(wanted: str, machine: Path) -> None:
    install(machine / "pyenv" / "versions" / "3.7.16" / "bin" / "python3", "3.7.16")
    assert suited(wanted) is None


def test_the_nearest_one_that_fits_is_taken(machine: Path) -> None:
    for version in ("3.8.18", "3.9.18", "3.9.2"):
        install(machine / "pyenv" / "versions" / version / "bin" / "python3", version)
    found = suited(">=3.8,<3.10")
    assert found is not None
    assert (found.version, found.home) == ("3.9.18", "/home/of/3.9.18")
    exact = suited("==3.8.2")
    assert exact is not None
    assert exact.version == "3.8.18"


@pytest.mark.parametrize(
    "place", ["pyenv/versions/3.9.18/bin/python3", "uv/cpython-3.9.18-linux-x86_64/bin/python3", "bin/python3.9"]
)
def test_it_is_found_on_path_and_where_pyenv_and_uv_put_it(place: str, machine: Path) -> None:
    install(machine / place, "3.9.18")
    found = suited("==3.9.*")
    assert found is not None
    assert found.python == machine / place


def test_a_shim_of_what_is_not_chosen_is_none(machine: Path) -> None:
    shim = machine / "bin" / "python3.9"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o700)
    assert suited("==3.9.*") is None
