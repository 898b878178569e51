"""Every command that acts on a workspace says first on which, and which commit its specs are of."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployer.authoring import EnvFile
from deployer.commands.whereabouts import place_of, whereabouts
from deployer.core.coordinates import Coordinates
from tests.unit.commands.conftest import DEV, Shop
from tests.unit.test_checkout import git

LOCAL = EnvFile(name="local", project="shop")
AZURE = EnvFile(name="dev", project="shop", workspace=Coordinates(**DEV))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit and a tag."""
    git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("a")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    git(tmp_path, "tag", "-am", "one", "v1-beta")
    return tmp_path


def test_a_workspace_is_named_with_its_group_and_subscription(tmp_path: Path) -> None:
    assert whereabouts(AZURE, tmp_path) == "dev → workspace workspace / group / 00000000…"
    assert whereabouts(LOCAL, tmp_path) == "local → the local workspace"


def test_the_commit_is_named_and_whether_files_differ_from_it(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "--short", "HEAD").strip()
    (checkout / "new.txt").write_text("untracked")
    assert whereabouts(LOCAL, checkout) == f"local → the local workspace, commit {head}"
    (checkout / "a.txt").write_text("b")
    assert whereabouts(LOCAL, checkout) == f"local → the local workspace, commit {head} (dirty)"


def test_a_program_that_the_repository_names_is_not_run(checkout: Path) -> None:
    proof = checkout / "proof"
    hook = checkout / "hook.sh"
    hook.write_text(f"#!/bin/sh\ntouch {proof}\n")
    hook.chmod(0o700)
    git(checkout, "config", "core.fsmonitor", str(hook))
    assert "commit" in whereabouts(LOCAL, checkout)
    assert not proof.exists()


def test_without_git_nothing_is_said_of_commits(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    assert whereabouts(LOCAL, checkout) == "local → the local workspace"


@pytest.mark.parametrize(
    "words",
    [
        ("plan",),
        ("drift",),
        ("apply", "--yes"),
        ("rollback", "--yes"),
        ("destroy", "--yes", "digits"),
        ("status",),
        ("logs", "blue"),
        ("keys",),
        ("import", "digits"),
    ],
)
def test_every_command_on_a_workspace_begins_with_it(deployed: Shop, words: tuple[str, ...]) -> None:
    assert deployed.run(*words, "--env", "dev").where.startswith("dev → workspace workspace / group / 00000000…")


def test_what_fails_before_says_nothing(shop: Shop) -> None:
    said = shop.run("plan", "--env", "nope")
    assert said.where == ""
    assert "there is no env `nope`" in said.err


def test_a_project_in_a_folder_of_a_repository_is_linked_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "serving" / "digits"
    project.mkdir(parents=True)
    (project / "file").write_text("")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        git(tmp_path, *words)
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://git.example")
    monkeypatch.setenv("GITHUB_REPOSITORY", "team/shop")
    place = place_of(AZURE, project)
    assert place.folder == "serving/digits"
    assert place.link_to("specs/a b.yml:3:1").endswith("/serving/digits/specs/a%20b.yml#L3")
    assert place.link_to("") == ""
    assert place_of(None, project).where.startswith("commit ")
