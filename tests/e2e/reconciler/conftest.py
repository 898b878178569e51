"""One local workspace for all proofs of a worker, so that the environment is built once."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deployer.local import command
from tests.e2e.reconciler.project import Project
from tests.e2e.reconciler.site import Site

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running local workspace."""
    home = tmp_path_factory.mktemp("home")
    assert command(home, ["up"]).returncode == 0
    running = Site(home=home)
    running.connection = json.loads((running.root / "connection.json").read_text())
    yield running
    command(home, ["down"])


@pytest.fixture(scope="session")
def quick_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A local workspace whose deployments take no time."""
    running = Site(home=tmp_path_factory.mktemp("quick"))
    running.root.mkdir(parents=True)
    server = subprocess.Popen([sys.executable, "-m", "tests.e2e.reconciler.answering_plane", "--root", running.root])
    while not (running.root / "connection.json").exists():
        assert server.poll() is None
    running.connection = json.loads((running.root / "connection.json").read_text())
    yield running
    server.terminate()
    server.wait()


@pytest.fixture
def new_project(site: Site, tmp_path: Path) -> Iterator[Callable[[], Project]]:
    """Makes projects, each with an endpoint of its own that is gone after the test."""
    made: list[Project] = []

    def make() -> Project:
        name = f"proof-{next(NUMBERS)}"
        made.append(Project(name=name, folder=tmp_path / name, site=site))
        return made[-1]

    yield make
    site.admin("DELETE", "faults")
    for project in made:
        project.forget()


@pytest.fixture
def project(new_project: Callable[[], Project]) -> Project:
    """A project whose endpoint does not exist yet."""
    return new_project()
