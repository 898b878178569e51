"""What is rendered, Azure's own loader takes: each document in a file of its own, with paths that hold there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from deployer.authoring import render_project
from deployer.cli import cli
from tests.cases.test_cases import BASE, CASES, read_case

ROOT = Path(__file__).resolve().parents[3]
ENV = {"DEPLOYER_CASES_SET": "a-value", "DEPLOYER_CASES_TOKEN": "aad_token"}


def loaders() -> dict[str, Callable[..., Any]]:
    from azure.ai.ml import load_environment, load_model, load_online_deployment, load_online_endpoint

    return {
        "auth_mode": load_online_endpoint,
        "endpoint_name": load_online_deployment,
        "image": load_environment,
        "build": load_environment,
        "path": load_model,
    }


def load(file: Path) -> Any:
    """The entity that Azure's loader makes of a rendered file."""
    fields = yaml.safe_load(file.read_text())
    kind = next((loader for key, loader in loaders().items() if key in fields), loaders()["auth_mode"])
    return kind(str(file))


def rendered(project: Path, env: str, out: Path) -> list[Path]:
    asked = ["render", "--project", str(project), "--env", env, "--out", str(out)]
    ran = CliRunner().invoke(cli, asked, env=ENV)
    assert ran.exit_code == 0, ran.output
    return sorted(path for path in out.rglob("*.yml") if path.is_file())


@pytest.mark.slow
def test_the_example_is_taken_by_azures_loader(tmp_path: Path) -> None:
    files = rendered(ROOT, "local", tmp_path / "far" / "away")
    assert len(files) == 4
    for file in files:
        fields = yaml.safe_load(file.read_text())
        assert load(file).name == fields["name"]
        for path in (fields.get("path"), fields.get("conda_file"), fields.get("code_configuration", {}).get("code")):
            assert path is None or (file.parent / path).exists()


REFUSED_BY_THE_LOADER = {
    "startup-probe": "a field that the SDK's classes do not have yet",
    "model-missing": "an inline model at an address: the loader looks for a file, Azure's REST API takes it",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [path for path in CASES if read_case(path).fixed and path.stem not in REFUSED_BY_THE_LOADER],
    ids=lambda path: path.stem,
)
def test_every_case_put_right_is_taken_by_azures_loader(path: Path, tmp_path: Path) -> None:
    case = read_case(path)
    for name, text in {**BASE, **case.files, **case.fixed}.items():
        (tmp_path / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "p" / name).write_text(text, encoding="utf-8")
    for file in rendered(tmp_path / "p", "test", tmp_path / "out"):
        load(file)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "specs/env/local.yml": "project: p\nworkspace: local\n",
        "specs/a/endpoint.yml": "name: one-ep\nauth_mode: key\ndescription:\ntags: {x: null, y: z}\n",
        "specs/a/blue.yml": "name: blue\ninstance_type: Standard_DS3_v2\nmodel: {path: ../../model}\n",
        "specs/b/endpoint.yml": "name: two-ep\nauth_mode: key\n",
        "specs/model.yml": "name: m\nversion: 1\npath: ../model\n",
        "model/weights.bin": "0",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_fields_without_a_value_are_left_out(project: Path) -> None:
    files = render_project(project, "local", endpoint="one-ep", kind="endpoint")
    assert [yaml.safe_load(text) for text in files.values()] == [
        {"name": "one-ep", "auth_mode": "key", "tags": {"y": "z"}}
    ]


def test_one_endpoint_comes_with_the_assets(project: Path) -> None:
    names = set(render_project(project, "local", endpoint="two-ep"))
    assert names == {"specs/b/endpoint.yml", "specs/model.yml"}
    assert set(render_project(project, "local", kind="deployment")) == {"specs/a/blue.yml"}


def test_paths_hold_where_the_file_is_written(project: Path) -> None:
    out = project / "build" / "dev"
    files = rendered(project, "local", out)
    assert [file.relative_to(out).as_posix() for file in files] == [
        "a/blue.yml", "a/endpoint.yml", "b/endpoint.yml", "model.yml",
    ]  # fmt: skip
    blue = yaml.safe_load((out / "a/blue.yml").read_text())
    assert blue["model"]["path"] == "../../../model"
    assert (out / "a" / blue["model"]["path"]).is_dir()
    assert (out / yaml.safe_load((out / "model.yml").read_text())["path"]).is_dir()
