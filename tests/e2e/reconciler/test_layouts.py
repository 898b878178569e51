"""Repositories as teams have them, under the deployer without changing a file: each plans, or its own mistake is told.

A case is one file in `tests/cases/layouts`. `expects:` says `plan`, or the one code that stops it, and where;
`registered:` are the assets that were in the workspace before. An env file of two lines is all that is added.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from deployer.azureml.kinds.environment import API as ENVIRONMENT_API
from deployer.azureml.kinds.model import API as MODEL_API
from tests.build import IMAGE
from tests.cases.test_findings import sections
from tests.e2e.reconciler.project import Run, ended
from tests.e2e.reconciler.site import Site
from tests.e2e.reconciler.victim import Orders, start

pytestmark = pytest.mark.xdist_group("reconciler-references")

LAYOUTS = sorted((Path(__file__).parents[2] / "cases" / "layouts").glob("*.case"))
ENV = "project: layouts\nworkspace: local\n"
STOPS = re.compile(r"^(\S+):\d+: (?:error|refused): .*\[([a-z-]+)\]$", re.MULTILINE)


def written(files: Mapping[str, str], folder: Path) -> None:
    """The files of a layout."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def header(layout: str, key: str) -> str:
    """A line of the layout's head; "" without it."""
    found = re.search(rf"^{key}: (.*)$", layout.partition("\n=== ")[0], re.MULTILINE)
    return found[1] if found else ""


def register(site: Site, asset: str) -> None:
    """Have "<kind> <name>:<version>" in the workspace."""
    kind, _, named = asset.partition(" ")
    name, _, version = named.partition(":")
    content = {"image": IMAGE} if kind == "environment" else {"modelUri": f"azureml://jobs/{name}/outputs/model"}
    api = {"model": MODEL_API, "environment": ENVIRONMENT_API}[kind]
    site.ask("PUT", f"/{kind}s/{name}/versions/{version}", api, {"properties": content})


def planned(site: Site, project: Path) -> Run:
    (project / ".deployer").symlink_to(site.home / ".deployer")
    words = ["plan", "--project", str(project)]
    orders = Orders(arguments=words, output=project / "plan.txt", kill_after=0, hurry=False, environ={})
    return ended(start(orders), project / "plan.txt")


@pytest.mark.parametrize("file", LAYOUTS, ids=lambda path: path.stem)
def test_a_repository_as_it_is(file: Path, site: Site, tmp_path: Path) -> None:
    layout = file.read_text(encoding="utf-8")
    written(sections(file), tmp_path)
    (tmp_path / "specs" / "env").mkdir()
    (tmp_path / "specs" / "env" / "local.yml").write_text(ENV)
    for asset in filter(None, header(layout, "registered").split(", ")):
        register(site, asset)
    run = planned(site, tmp_path)
    expected = header(layout, "expects")
    if expected == "plan":
        assert run.code == 0, run.text
        assert "to create" in run.text
        return
    code, _, place = expected.partition(" at ")
    assert run.code in {1, 3}, run.text
    assert (place, code) in STOPS.findall(run.text), run.text
    assert {found for _, found in STOPS.findall(run.text)} == {code}, run.text
