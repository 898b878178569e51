"""What people write into text fields every day raises no alarm, in any of these fields."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployer.authoring import validate_project

VALUES = [
    value for value in Path(__file__).with_name("everyday_values.txt").read_text(encoding="utf-8").splitlines() if value
]
ENV = "project: everyday\nworkspace: local\nvariables: {}\n"


def spec(**fields: object) -> str:
    """A spec that is no template: some of the values have braces."""
    lines = "\n".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items())
    return f"x-template: false\n{lines}\n"


def alarms(project: Path, files: dict[str, str]) -> list[str]:
    for name, text in {"specs/env/local.yml": ENV, **files}.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    return [str(item) for item in validate_project(project, "local").diagnostics]


DEPLOYMENT = {"name": "blue", "endpoint_name": "everyday", "model": "azureml:m:1", "environment": "azureml:e:1",
              "instance_type": "Standard_DS3_v2", "instance_count": 1}  # fmt: skip


def test_there_are_enough() -> None:
    assert len(VALUES) == len(set(VALUES)) >= 300


def test_in_environment_variables(tmp_path: Path) -> None:
    variables = {f"VALUE_{number}": value for number, value in enumerate(VALUES)}
    endpoint = spec(name="everyday", auth_mode="key")
    blue = spec(**DEPLOYMENT, environment_variables=variables)
    assert alarms(tmp_path, {"specs/endpoint.yml": endpoint, "specs/blue.yml": blue}) == []


@pytest.mark.slow
def test_in_descriptions_tags_and_properties(tmp_path: Path) -> None:
    files = {}
    for number, value in enumerate(VALUES):
        shown = {"team": value[:256]}
        files[f"specs/{number}/endpoint.yml"] = spec(
            name=f"everyday-{number}", auth_mode="key", description=value, tags=shown, properties=shown
        )
    assert alarms(tmp_path, files) == []
