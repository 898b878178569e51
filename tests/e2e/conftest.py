"""Fixtures of the tests that run real inference servers."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder of environments for all tests, so that each is built once."""
    return tmp_path_factory.mktemp("environments")


@pytest.fixture
def serving_root(tmp_path: Path, environments: Path) -> Path:
    """An empty folder for a Runtime, which finds the environments of the other tests in it."""
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "environments").symlink_to(environments)
    return folder
