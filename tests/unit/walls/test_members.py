"""A new member of one of the enumerations is reported by mypy wherever something has to be said about it."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.walls.contracts import ROOT

pytestmark = pytest.mark.slow

PLACES: dict[str, set[str]] = {
    "Kind": set(),
    "Action": set(),
    "Effect": set(),
    "Result": set(),
}
"""By enumeration: the modules that tell its members apart. One that is added here has to end in `assert_never`."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, and what mypy knows of it already: a cold run takes ten times as long."""
    folder = tmp_path_factory.mktemp("members")
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "deployer", folder / "deployer", ignore=shutil.ignore_patterns("__pycache__"))
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", folder / ".mypy_cache")
    return folder


def reported(folder: Path) -> set[str]:
    """The modules in which mypy finds an error."""
    command = [sys.executable, "-m", "mypy", "deployer"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return set(re.findall(r"^deployer/([^:]+):\d+: error: ", done.stdout, re.MULTILINE))


def enumeration(source: str, name: str) -> ast.ClassDef | None:
    """The class of that name at the top of a module."""
    found = (each for each in ast.parse(source).body if isinstance(each, ast.ClassDef) and each.name == name)
    return next(found, None)


def with_member(source: str, enum: ast.ClassDef) -> str:
    """The source of the module with one more member in this class of it."""
    last = max(each.end_lineno or 0 for each in enum.body if isinstance(each, ast.Assign))
    lines = source.splitlines(keepends=True)
    return "".join([*lines[:last], '    PLANTED = "planted"\n', *lines[last:]])


@pytest.mark.parametrize("name", PLACES)
def test_a_new_member_is_reported_in_every_place(copy: Path, name: str) -> None:
    for file in sorted((copy / "deployer" / "core").glob("*.py")):
        source = file.read_text()
        if (enum := enumeration(source, name)) is not None:
            file.write_text(with_member(source, enum))
            found = reported(copy)
            file.write_text(source)
            assert PLACES[name] <= found
            return
    pytest.fail(f"deployer/core has no class {name}")
