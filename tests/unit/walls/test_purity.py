"""The pure rooms do no I/O and take no clock: of other packages they import what this page lists."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator

import pytest

from tests.unit.walls.contracts import ROOT

PURE = ("core", "kinds", "planning", "report")
ALLOWED = {
    *("__future__", "collections", "collections.abc", "dataclasses", "enum", "functools", "itertools", "typing"),
    *("base64", "contextlib", "hashlib", "html", "json", "math", "re", "textwrap", "types", "unicodedata"),
    "urllib.parse",
}
EXCEPTIONS = {
    "deployer/core/fields.py": {"pathlib"},  # loads the schemas
    "deployer/core/coordinates.py": {"pathlib"},  # the type of a field
    "deployer/planning/vm_sizes.py": {"pathlib"},  # loads the table of VM sizes
    "deployer/report/event_lines.py": {"datetime"},  # writes the time that its caller tells
    "deployer/report/live_table.py": {"datetime"},  # how old what it is given is; the clock is its caller's
    "deployer/report/log_lines.py": {"datetime"},  # reads the times in lines
    "deployer/report/review_html.py": {"markdown_it"},  # turns one text into another
    "deployer/report/snippets.py": {"shlex"},  # quotes words for a shell
}
FORBIDDEN_CALLS = {"open", "print", "input", "breakpoint", "exec", "eval", "__import__"}


def sources() -> list[str]:
    """The modules of the pure rooms, as paths in the project."""
    found = [file for room in PURE for file in (ROOT / "deployer" / room).rglob("*.py")]
    return sorted(file.relative_to(ROOT).as_posix() for file in found)


def foreign(tree: ast.Module) -> Iterator[str]:
    """The modules outside of the project that a module imports, anywhere in it, and what it calls to get out."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name.split(".")[0] != "deployer")
            case ast.ImportFrom(module=str(module), level=0) if module.split(".")[0] != "deployer":
                yield module
            case ast.Call(func=ast.Name(id=name)) if name in FORBIDDEN_CALLS:
                yield name


def impure(file: str, source: str) -> list[str]:
    """What a module of a pure room may not use."""
    return sorted(set(foreign(ast.parse(source))) - ALLOWED - EXCEPTIONS.get(file, set()))


@pytest.mark.parametrize("file", sources())
def test_a_pure_module_imports_what_is_allowed(file: str) -> None:
    assert impure(file, (ROOT / file).read_text()) == []


def test_every_exception_is_needed() -> None:
    for file, names in EXCEPTIONS.items():
        assert names <= set(foreign(ast.parse((ROOT / file).read_text()))), file


@pytest.mark.parametrize("room", PURE)
def test_whatever_else_is_planted_is_named(room: str) -> None:
    file = next(file for file in sources() if file.startswith(f"deployer/{room}/") and file not in EXCEPTIONS)
    source = (ROOT / file).read_text()
    others = {*sys.stdlib_module_names, "urllib.request", "azure", "click", "rich", "yaml"} - ALLOWED
    for name in others - {"urllib"}:
        assert impure(file, f"{source}\nimport {name}\n") == [name]
        assert impure(file, f"{source}\ndef late():\n    from {name} import anything\n") == [name]
    for name in FORBIDDEN_CALLS:
        assert impure(file, f"{source}\n{name}('x')\n") == [name]


def test_the_calls_that_get_out_are_builtins() -> None:
    assert all(hasattr(builtins, name) for name in FORBIDDEN_CALLS)
