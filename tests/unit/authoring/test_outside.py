"""Files that specs name lie in the project, links followed; `--allow-outside` lifts that."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from deployer.authoring import validate_paths, validate_project
from deployer.authoring.containment import _home, home_of

DEPLOYMENT = {
    "name": "blue",
    "endpoint_name": "digits",
    "instance_type": "Standard_DS3_v2",
    "instance_count": 1,
    "model": {"path": "../model"},
    "environment": {"image": "img:1", "conda_file": "../conda.yml"},
    "code_configuration": {"code": "../code", "scoring_script": "score.py"},
    "x-smoke-test": {"request": "../request.json"},
}
CONDA = "dependencies: [python=3.11]\n"
Write = Callable[..., None]


def fill(folder: Path) -> None:
    """Everything that the deployment names."""
    for part in ("model", "code"):
        (folder / part).mkdir(parents=True)
    (folder / "model" / "weights").write_text("w")
    (folder / "code" / "score.py").write_text("def init(): ...\n\n\ndef run(data): ...\n")
    (folder / "conda.yml").write_text(CONDA)
    (folder / "request.json").write_text("{}")
    (folder / "build").mkdir()
    (folder / "build" / "Dockerfile").write_text("FROM img:1\n")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project, beside a folder `elsewhere` with the same files."""
    folder = tmp_path / "project"
    (folder / "specs" / "env").mkdir(parents=True)
    fill(folder)
    fill(tmp_path / "elsewhere")
    (folder / "specs" / "env" / "local.yml").write_text("project: p\nworkspace: local\n")
    (folder / "specs" / "endpoint.yml").write_text("name: digits\n")
    declare(folder)
    return folder


def declare(project: Path, **members: object) -> None:
    (project / "specs" / "blue.yml").write_text(json.dumps({**DEPLOYMENT, **members}))


def codes(project: Path, *outside: Path) -> list[str]:
    return [
        item.code for item in validate_project(project, "local", outside=outside).diagnostics if item.severity.stops
    ]


def test_a_project_in_itself_is_fine(project: Path) -> None:
    assert codes(project) == []


NAMED_OUTSIDE: dict[str, dict[str, object]] = {
    "code": {"code_configuration": {"code": "../../elsewhere/code", "scoring_script": "score.py"}},
    "model": {"model": {"path": "../../elsewhere/model"}},
    "model file": {"model": {"path": "../../elsewhere/model/weights"}},
    "root": {"model": {"path": "/etc"}},
    "conda": {"environment": {"image": "img:1", "conda_file": "../../elsewhere/conda.yml"}},
    "build": {"environment": {"build": {"path": "../../elsewhere/build", "dockerfile_path": "Dockerfile"}}},
    "request": {"x-smoke-test": {"request": "../../elsewhere/request.json"}},
    "image": {"x-smoke-test": {"image": "../../elsewhere/request.json"}},
}


@pytest.mark.parametrize("name", NAMED_OUTSIDE)
def test_what_lies_elsewhere_is_refused_unless_allowed(name: str, project: Path) -> None:
    declare(project, **NAMED_OUTSIDE[name])
    assert codes(project) == ["path-outside"]
    if name != "root":  # which has links to everywhere
        assert "path-outside" not in codes(project, project.parent / "elsewhere")


@pytest.mark.parametrize("name", ["code", "conda.yml", "request.json", "model/weights", "code/score.py", "build"])
def test_a_link_that_leaves_the_project_is_refused(name: str, project: Path) -> None:
    declare(
        project,
        **(NAMED_OUTSIDE["build"] | {"environment": {"build": {"path": "../build"}}} if name == "build" else {}),
    )
    place = project / name
    kept = place.with_name(f"{place.name}-kept")
    place.rename(kept)
    place.symlink_to(project.parent / "elsewhere" / name)
    assert codes(project) == ["path-outside"]
    assert codes(project, project.parent / "elsewhere") == []
    place.unlink()
    place.symlink_to(kept)
    assert codes(project) == []


def test_nothing_of_a_file_elsewhere_is_shown(project: Path) -> None:
    (project.parent / "elsewhere" / "conda.yml").write_text("secret-C4nary: [")
    declare(project, **NAMED_OUTSIDE["conda"])
    assert "C4nary" not in str(validate_project(project, "local").diagnostics)


def test_a_spec_that_is_a_link_to_elsewhere_is_not_read(project: Path) -> None:
    (project.parent / "elsewhere" / "spec.yml").write_text("name: C4nary\nauth_mode: key\n")
    (project / "specs" / "zz.yml").symlink_to(project.parent / "elsewhere" / "spec.yml")
    assert codes(project) == ["path-outside"]
    assert "C4nary" not in str(validate_project(project, "local").diagnostics)


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_the_repository_is_where_its_git_is(kind: str, project: Path) -> None:
    declare(project, **NAMED_OUTSIDE["code"])
    mark = project.parent / ".git"
    if kind == "folder":
        mark.mkdir()
    else:
        mark.write_text("gitdir: elsewhere\n")
    _home.cache_clear()
    assert home_of(project / "specs") == project.parent.resolve()
    assert codes(project) == []


def test_single_files_may_name_what_lies_beside_them(project: Path) -> None:
    found = validate_paths([project / "specs" / "blue.yml"], project=Path(), env=None).diagnostics
    assert "path-outside" not in [item.code for item in found if item.severity.stops]
