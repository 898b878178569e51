"""What git knows of the checkout of a project."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deployer.checkout import changed_files, commit_of, folder_of


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    return subprocess.run(
        ["git", "-C", folder, *who, *words], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a folder of its repository, with one commit."""
    code = tmp_path / "serving" / "scoring"
    code.mkdir(parents=True)
    (code / "score.py").write_text("one\ntwo\n")
    (code / "logo.png").write_bytes(b"\x89PNG\0")
    (tmp_path / "README.md").write_text("a")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path / "serving"


def test_a_commit_has_its_whole_name_and_says_if_files_differ(project: Path) -> None:
    head = git(project, "rev-parse", "HEAD")
    assert commit_of(project) == head
    (project / "scoring" / "score.py").write_text("one\n")
    assert commit_of(project) == f"{head}-dirty"
    assert folder_of(project) == "serving"
    assert folder_of(project.parent) == ""


def test_the_files_of_a_folder_that_differ_from_a_commit_are_counted_by_line(project: Path) -> None:
    head, code = git(project, "rev-parse", "HEAD"), project / "scoring"
    assert changed_files(project, head, "scoring/") == ()
    (code / "score.py").write_text("one\nthree\nfour\n")
    (code / "logo.png").write_bytes(b"\x89PNG\0\0")
    (code / "new\tname\n.py").write_text("x\n")
    git(project, "add", "scoring")
    (project.parent / "README.md").write_text("b")
    found = ("logo.png (binary)", "new\tname\n.py +1 -0", "score.py +2 -1")
    assert changed_files(project, head, "scoring/") == found
    assert changed_files(project, f"{head}-dirty", "scoring") == found


@pytest.mark.parametrize("commit", ["", "f" * 40, "--output=proof", "HEAD", "abc1234 --output=proof"])
def test_without_a_commit_that_git_knows_nothing_is_said_and_nothing_happens(project: Path, commit: str) -> None:
    before = sorted(project.rglob("*"))
    assert changed_files(project, commit, "scoring/") is None
    assert sorted(project.rglob("*")) == before


def test_a_program_that_the_repository_names_does_not_show_differences(project: Path) -> None:
    head, proof = git(project, "rev-parse", "HEAD"), project / "proof"
    hook = project / "hook.sh"
    hook.write_text(f"#!/bin/sh\ntouch {proof}\n")
    hook.chmod(0o700)
    (project.parent / ".gitattributes").write_text("*.py diff=mine\n")
    for key in ("diff.external", "diff.mine.command", "diff.mine.textconv"):
        git(project, "config", key, str(hook))
    (project / "scoring" / "score.py").write_text("one\n")
    assert changed_files(project, head, "scoring/") == ("score.py +0 -1",)
    assert not proof.exists()


def test_outside_of_a_checkout_there_is_nothing_to_say(tmp_path: Path) -> None:
    (tmp_path / "scoring").mkdir()
    assert (commit_of(tmp_path), folder_of(tmp_path)) == ("", "")
    assert changed_files(tmp_path, "0" * 40, "scoring/") is None
