"""SECURITY.md promises what a test holds: each one it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PAGE = Path("SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[a-z0-9_/]+\.py)::(\w+)`", PAGE)
ROWS = [line for line in PAGE.splitlines() if line.startswith("|")][2:]


def test_every_promise_names_a_test() -> None:
    assert len(NAMED) == len(ROWS) >= 15


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_the_test_is_there(file: str, name: str) -> None:
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
