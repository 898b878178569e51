"""A copy of the project as a newcomer has it after a clone, and the command `deployer` in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WRITES = ("PUT", "PATCH", "DELETE")
WHO = ("-c", "user.name=a", "-c", "user.email=a@example.org")
READING_POSTS = ("listkeys", "listsecrets", "token", "getlogs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project folder with what it takes to run commands in it."""

    folder: Path

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).parent / "deployer"), *words]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AZURE_")}
        return subprocess.run(
            command,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**clean, **environment},
        )

    @property
    def commit(self) -> str:
        """The short name of the commit of a project in a repository."""
        words = ["git", "rev-parse", "--short=7", "HEAD"]
        return subprocess.run(words, cwd=self.folder, check=True, capture_output=True, text=True).stdout.strip()

    def requests(self) -> list[dict[str, object]]:
        log = self.folder / ".deployer" / "local" / "requests.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def writes(self) -> list[str]:
        """Every control-plane request so far that is no reading."""
        return [f"{item['method']} {item['path']}" for item in self.requests() if _is_write(item)]

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


def _is_write(item: dict[str, object]) -> bool:
    last = str(item["path"]).partition("?")[0].rpartition("/")[2].lower()
    return item["method"] in WRITES or (item["method"] == "POST" and last not in READING_POSTS)


def copy_of_the_project(folder: Path) -> Project:
    for name in ("specs", "scoring", "data"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return Project(folder=folder)


def built_wheel(folder: Path) -> Path:
    """The wheel of this checkout, built into a folder."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=3000)
    return next(folder.glob("azureml_deployer-*.whl"))


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Project]:
    """A project nobody has applied yet."""
    project = copy_of_the_project(tmp_path)
    yield project
    project.run("local", "down")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A committed project that is applied; tests leave it as its specs say."""
    project = copy_of_the_project(tmp_path_factory.mktemp("deployed"))
    (project.folder / ".gitignore").write_text(".deployer/\n")
    for words in (["init", "-q"], ["add", "."], [*WHO, "commit", "-qm", "first"]):
        subprocess.run(["git", *words], cwd=project.folder, check=True)
    done = project.run("apply")
    assert done.returncode == 0, done.stderr
    yield project
    project.run("local", "down")
