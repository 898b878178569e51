"""Walls that import-linter cannot see: folders that are no packages, and imports that have to be late."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def imported(nodes: list[ast.stmt]) -> Iterator[str]:
    """The modules that statements import."""
    for node in nodes:
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module)):
                yield module


@pytest.mark.parametrize("file", sorted((ROOT / "scoring").glob("*.py")), ids=lambda file: file.name)
def test_scoring_knows_nothing_of_the_deployer(file: Path) -> None:
    nodes = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.stmt)]
    assert not [name for name in imported(nodes) if name.split(".")[0] == "deployer"]


@pytest.mark.parametrize("file", sorted((ROOT / "deployer").rglob("*.py")), ids=lambda file: file.name)
def test_azure_is_imported_late(file: Path) -> None:
    """`import azure.ai.ml` alone takes a second; a command that does not write must not pay for it."""
    assert not [name for name in imported(ast.parse(file.read_text()).body) if name.split(".")[0] == "azure"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        (["--help"], {"azure", "yaml", "jinja2", "rich", "urllib3", "deployer.authoring"}),
        (["validate"], {"azure", "rich", "requests", "urllib3", "deployer.core.plan"}),
    ],
)
def test_what_a_command_does_not_need_is_not_imported(words: list[str], unwanted: set[str]) -> None:
    script = (
        "import sys; from deployer.cli import _run; code = _run(sys.argv[1:]);"
        f"print(code, sorted({unwanted!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr.splitlines()[-1] == "0 []"
