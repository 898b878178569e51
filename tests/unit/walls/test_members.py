"""A new member of one of the enumerations is reported by mypy wherever something has to be said about it."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.unit.walls.contracts import ROOT

pytestmark = pytest.mark.slow

PLACES: dict[str, set[str]] = {
    "Kind": {
        *("applying/step.py", "authoring/desired.py", "azureml/kinds/table.py", "core/fields.py", "core/resources.py"),
        *("kinds/table.py", "planning/reconcile.py", "planning/safety.py"),
    },
    "Action": {
        *("azureml/execute.py", "core/action.py", "planning/quota.py", "planning/due_tests.py"),
        *("kinds/asset.py", "kinds/deployment.py", "kinds/endpoint.py", "kinds/traffic.py"),
        *("report/describe.py", "report/terminal.py"),
    },
    "Effect": {"planning/advice.py", "planning/due_tests.py", "planning/safety.py", "report/describe.py"},
    "Result": {"commands/progress.py", "report/outcome_view.py", "report/terminal.py"},
}
"""By enumeration: the modules that tell its members apart, at the least."""


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


@cache
def enumerations() -> set[str]:
    """The names of the enumerations of deployer/core."""
    nodes = [node for file in (ROOT / "deployer" / "core").glob("*.py") for node in ast.parse(file.read_text()).body]
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    return {each.name for each in classes if any("Enum" in ast.unparse(base) for base in each.bases)}


def followed(tree: ast.AST) -> Iterator[tuple[ast.Match, str]]:
    """Every `match` with the statement that comes after it, empty where there is none."""
    for node in ast.walk(tree):
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            if isinstance(block, list) and block:
                for statement, after in zip(block, [*block[1:], None], strict=True):
                    if isinstance(statement, ast.Match):
                        yield statement, ast.unparse(after) if after else ""


def open_matches(source: str) -> list[int]:
    """The lines of every `match` over members of an enumeration of deployer/core that is not closed."""
    names = enumerations()
    found = []
    for node, after in followed(ast.parse(source)):
        used = {each.id for case in node.cases for each in ast.walk(case.pattern) if isinstance(each, ast.Name)}
        if used & names and "assert_never(" not in after and "assert_never(" not in ast.unparse(node.cases[-1]):
            found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    "file", sorted((ROOT / "deployer").rglob("*.py")), ids=lambda file: file.relative_to(ROOT).as_posix()
)
def test_every_match_over_an_enumeration_ends_in_assert_never(file: Path) -> None:
    assert open_matches(file.read_text()) == []


def test_a_match_that_is_not_closed_is_found() -> None:
    assert set(PLACES) <= enumerations()
    assert open_matches("match kind:\n    case Kind.MODEL:\n        pass\n    case _:\n        pass\n") == [1]
