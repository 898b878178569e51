"""The specs that docs/how-to.md shows are valid, together where they stand under one heading."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from deployer.authoring import validate_project

ROOT = Path(__file__).parents[3]
SPEC = re.compile(r"```yaml\n# (specs/[\w.-]+)\n(.*?)```", re.DOTALL)
SECTIONS = {
    part.partition("\n")[0]: dict(SPEC.findall(part))
    for part in (ROOT / "docs/how-to.md").read_text(encoding="utf-8").split("\n## ")
}
SHOWN = sorted(heading for heading, specs in SECTIONS.items() if specs)


@pytest.mark.parametrize("heading", SHOWN)
def test_the_specs_of_a_recipe_are_valid(heading: str, tmp_path: Path) -> None:
    for folder in ("specs", "scoring", "data"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in SECTIONS[heading].items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert [str(item) for item in validate_project(tmp_path, "local").diagnostics] == []


def test_there_are_recipes_with_specs() -> None:
    assert SHOWN == ["Keep an endpoint off the internet", "Scale with the load", "Serve on Kubernetes"]
