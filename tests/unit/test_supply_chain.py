"""What the project is built from: locked, listed, and nothing from anywhere else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

LOCKED = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def locked(file: str) -> set[tuple[str, str]]:
    return set(LOCKED.findall(Path("requirements", file).read_text(encoding="utf-8")))


def test_the_bill_of_materials_lists_what_is_locked(tmp_path: Path) -> None:
    there = tmp_path / "dist" / "sbom.json"
    made = ["make", "-s", "sbom", f"VENV={sys.prefix}", f"SBOM={there}", "-o", f"{sys.prefix}/.dev"]
    subprocess.run(made, check=True, timeout=600, capture_output=True)
    listed = json.loads(there.read_text(encoding="utf-8"))
    assert listed["bomFormat"] == "CycloneDX"
    assert listed["metadata"]["component"]["name"] == "azureml-deployer"
    assert {(one["name"], one["version"]) for one in listed["components"]} == locked("runtime.txt")


def test_what_runs_is_what_is_tested() -> None:
    assert locked("runtime.txt") <= locked("dev.txt")


@pytest.mark.parametrize("file", ["runtime.txt", "dev.txt", "bootstrap.txt"])
def test_every_locked_package_has_hashes_and_comes_from_no_other_place(file: str) -> None:
    text = Path("requirements", file).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith(("#", "--hash=sha256:"))]
    assert lines
    assert all(LOCKED.match(line) and line.endswith("\\") for line in lines)
    assert "://" not in text
