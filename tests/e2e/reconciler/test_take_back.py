"""rollback and destroy against the local workspace, as somebody types them at a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.reconciler.project import Project

pytestmark = pytest.mark.xdist_group("reconciler-meanwhile")
PROGRAM = str(Path(sys.executable).parent / "deployer")


def typed(project: Project, answer: str, *words: str) -> tuple[int, str]:
    """Run a command on a terminal and type an answer to it; its exit code, and what it showed there."""
    keyboard, screen = pty.openpty()
    command = [PROGRAM, *words, "--project", str(project.folder)]
    process = subprocess.Popen(command, stdin=screen, stderr=screen, stdout=subprocess.DEVNULL)
    os.close(screen)
    os.write(keyboard, f"{answer}\n".encode())
    shown = b""
    while part := _read(keyboard):
        shown += part
    os.close(keyboard)
    return process.wait(120), shown.decode()


def _read(terminal: int) -> bytes:
    """What comes next; nothing when the other side has gone, which Linux calls an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_rollback_restores_the_split_before_and_once_more_the_one_after(project: Project) -> None:
    project.declare({"blue": "1", "green": "2"}, blue=100)
    project.applied()
    assert project.deployer("rollback").code == 1
    project.declare({"blue": "1", "green": "2"}, green=100)
    project.applied()
    back = project.deployer("rollback")
    assert (back.code, project.split()) == (0, {"blue": 100}), back.text
    assert project.deployer("drift").code == 2
    again = project.deployer("rollback", "--yes")
    assert (again.code, project.split()) == (0, {"green": 100}), again.text
    project.converged({"green": 100})
    project.declare({"green": "2"}, green=100)
    project.applied("--prune")
    gone = project.deployer("rollback")
    assert (gone.code, project.split()) == (3, {"green": 100}), gone.text
    assert "needs blue, which has been deleted" in gone.text


def test_destroy_deletes_only_once_the_right_name_was_given(project: Project) -> None:
    project.declare({"blue": "1"}, blue=100)
    project.applied()
    code, shown = typed(project, "wrong", "destroy")
    assert (code, project.split()) == (1, {"blue": 100}), shown
    assert f"Type '{project.name}' to confirm the deletion, including all deployments: " in shown
    assert "Nothing was deleted." in shown
    named = project.deployer("destroy", "--yes", "wrong")
    assert (named.code, project.split()) == (64, {"blue": 100}), named.text
    assert "--yes names 'wrong'" in named.text
    code, shown = typed(project, project.name, "destroy")
    assert (code, project.site.endpoint(project.name)) == (0, None), shown
    project.applied()
    named = project.deployer("destroy", "--yes", project.name)
    assert (named.code, project.site.endpoint(project.name)) == (0, None), named.text
    assert "Nothing to destroy" in project.deployer("destroy").text
