"""What ARCHITECTURE.md and CONTRIBUTING.md name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("ARCHITECTURE.md", "CONTRIBUTING.md")
BASES = (
    "",
    "deployer",
    "deployer/authoring",
    "deployer/azureml",
    "deployer/local_workspace",
    "deployer/local_workspace/serving",
    "tests/unit",
)
"""Paths are from the root, from the package, or from the part of it that a paragraph is about."""

FILE = re.compile(r"[\w.<>*/-]+\.(?:py|md|case|json|txt|toml)\b")
FOLDER = re.compile(r"`((?:[\w.-]+/)+)`")


def paths_in(text: str) -> set[str]:
    """Files wherever they are named, and folders between backticks."""
    return {*FILE.findall(text), *FOLDER.findall(text)}


def is_there(path: str) -> bool:
    """Whether a path, in which `<kind>` stands for any name, is one of a file or a folder."""
    pattern = re.sub(r"<[^>]*>", "*", path).rstrip("/")
    return any(next((ROOT / base).glob(pattern), None) for base in BASES)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_is_there(document: str) -> None:
    found = paths_in((ROOT / document).read_text(encoding="utf-8"))
    assert len(found) > 10
    assert [path for path in sorted(found) if not is_there(path)] == []


@pytest.mark.parametrize("document", [*DOCUMENTS, "README.md"])
def test_every_target_of_make_is_there(document: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|\$ )make ([a-z-]+)", (ROOT / document).read_text(encoding="utf-8")))
    assert named - {"sure"} <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_module_and_name_is_there(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    modules = set(re.findall(r"\bdeployer(?:\.[a-z_]+)+\b", text))
    for module in modules:
        place = ROOT.joinpath(*module.split("."))
        assert place.is_dir() or place.with_suffix(".py").is_file(), module


def test_every_type_is_in_the_module_that_the_table_says() -> None:
    rows = re.findall(
        r"^\| (`[^|]*`) \| `([\w/]+\.py)` \|", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.M
    )
    assert rows
    for names, module in rows:
        source = (ROOT / "deployer" / module).read_text(encoding="utf-8")
        for name in re.findall(r"`(\w+)`", names):
            assert re.search(rf"^(class {name}\b|{name}\b.*=)", source, re.M), (name, module)


def test_a_path_that_is_not_there_is_noticed() -> None:
    assert paths_in("see `planning/nowhere.py` and `nowhere/`") == {"planning/nowhere.py", "nowhere/"}
    assert not is_there("planning/nowhere.py")
    assert is_there("azureml/kinds/<kind>.py")
