"""Imports that have to be late, and those of a folder that is no package: import-linter sees neither."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.unit.walls.contracts import ROOT


def imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The modules that statements import."""
    for node in nodes:
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module)):
                yield module


def early(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is imported: all but the bodies of functions, and what type checkers alone read."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            return
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from early(child)


def early_azure(source: str) -> list[str]:
    """The parts of azure that a module imports when it is imported itself."""
    return [name for name in imported(early(ast.parse(source))) if name.split(".")[0] == "azure"]


@pytest.mark.parametrize("file", sorted((ROOT / "scoring").glob("*.py")), ids=lambda file: file.name)
def test_scoring_knows_nothing_of_the_deployer(file: Path) -> None:
    assert not [name for name in imported(ast.walk(ast.parse(file.read_text()))) if name.split(".")[0] == "deployer"]


@pytest.mark.parametrize(
    "file", sorted((ROOT / "deployer").rglob("*.py")), ids=lambda file: file.relative_to(ROOT).as_posix()
)
def test_azure_is_imported_late(file: Path) -> None:
    """`import azure.ai.ml` alone takes a second; a command that does not write must not pay for it."""
    source = file.read_text()
    assert early_azure(source) == []
    assert early_azure(f"{source}\nimport azure.core\n") == ["azure.core"]


@pytest.mark.parametrize(
    "planted",
    [
        "from azure.core import exceptions",
        "try:\n    import azure.core\nexcept ImportError:\n    pass",
        "class Sdk:\n    import azure.core",
        "if True:\n    import azure.core",
        "with suppress(ImportError):\n    import azure.core",
    ],
)
def test_no_early_import_hides(planted: str) -> None:
    assert early_azure(planted) == ["azure.core"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        (
            ["--help"],
            {"azure", "yaml", "jinja2", "rich", "urllib3", "subprocess", "importlib.metadata", "deployer.report"},
        ),
        (["validate"], {"azure", "rich", "requests", "urllib3", "deployer.core.plan"}),
    ],
)
def test_what_a_command_does_not_need_is_not_imported(words: list[str], unwanted: set[str]) -> None:
    script = (
        "import sys; from deployer.cli import cli; from deployer.commands.running import run;"
        "code = run(cli, sys.argv[1:]);"
        f"print(code, sorted({unwanted!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stderr.splitlines()[-1] == "0 []"
