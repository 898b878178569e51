"""Every import that the walls forbid is named, whoever adds it: one is planted for each pair of rooms in the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.api import read_configuration

from tests.unit.walls.contracts import (
    LOCAL,
    ROOT,
    Import,
    against_the_order,
    broken,
    by_exception,
    floors,
    graph,
    has_circle,
    is_named,
    modules,
    one_import,
    rooms,
    with_import,
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("package", ["deployer", LOCAL])
def test_every_room_has_its_place(package: str) -> None:
    assert sorted(room for floor in floors(package) for room in floor) == rooms(package)


def test_every_folder_of_the_local_workspace_has_an_order() -> None:
    """A module that is added to one of them and to no layer fails, so that no folder grows without one."""
    rows = read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]
    ordered = {row["containers"][0] for row in rows if row["type"] == "layers" and row.get("exhaustive")}
    folders = {each for each in graph().find_descendants(LOCAL) if graph().find_children(each)}
    assert ordered == {"deployer", LOCAL, *folders}


def test_nothing_is_broken_today() -> None:
    assert broken(graph()) == {}


def foreign() -> Iterator[Import]:
    """One import of each package that has one home, from every room that is not it."""
    for room in rooms("deployer"):
        module = one_import(room, "deployer.core")[0]
        if room != "deployer.azureml":
            yield module, "azure"
        if room != "deployer.authoring":
            yield from ((module, name) for name in ("jinja2", "jsonschema", "jsonschema_rs"))
            if room != LOCAL:
                yield module, "yaml"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package and its contracts, to plant imports in."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "deployer", tmp_path / "deployer", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """What `make check` runs."""
    environment = os.environ | {"COLUMNS": "1000", "PYTHONPATH": str(folder)}
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def plant(folder: Path, importer: str, imported: str) -> None:
    file = folder / importer.replace(".", "/")
    file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
    with file.open("a") as source:
        source.write(f"\nimport {imported}\n")


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param([one_import(*pair) for pair in against_the_order()], id="against the order"),
        pytest.param([one_import(*pair) for pair in by_exception()], id="by exception"),
        pytest.param([*foreign()], id="of packages with one home"),
    ],
)
def test_every_planted_import_is_named(copy: Path, planted: list[Import]) -> None:
    for each in planted:
        plant(copy, *each)
    done = lint(copy)
    assert done.returncode == 1
    assert [f"{a} -> {b}" for a, b in planted if f"{a} -> {b}" not in done.stdout] == []


@pytest.mark.long
def test_an_import_planted_in_any_module_is_named() -> None:
    pairs = {*against_the_order(), *by_exception()}
    planted = [(module, one_import(*pair)[1]) for pair in pairs for module in modules(pair[0])]
    assert [each for each in planted if not is_named(*each)] == []


def back() -> Iterator[Import]:
    """The reverse of every import between two neighbours of a folder."""
    for package in sorted(module for module in graph().modules if module.startswith("deployer")):
        neighbours = sorted(graph().find_children(package))
        for room in neighbours:
            for other in neighbours:
                if room != other and graph().direct_import_exists(importer=room, imported=other, as_packages=True):
                    yield other, room


def test_no_two_neighbours_may_import_each_other() -> None:
    pairs = list(back())
    assert len(pairs) > 200
    assert [pair for pair in pairs if not has_circle(with_import(*one_import(*pair)))] == []
