"""Every command of `deployer local`, as somebody types it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from deployer.local import command, local_root
from tests.e2e.newcomer.conftest import Project

pytestmark = pytest.mark.xdist_group("newcomer")


def test_the_local_workspace_is_controlled_by_its_commands(clone: Project) -> None:
    assert clone.run("local").returncode == 0
    assert clone.run("local", "status").returncode == 1
    assert clone.run("local", "down").stdout == "local workspace is not running\n"
    assert clone.run("local", "up").stdout.startswith("local workspace started: API https://")
    assert clone.run("local", "status").returncode == 0
    assert str(local_root(clone.folder)) in clone.run("local", "list").stdout
    assert "stop it first with `down`" in clone.run("local", "prune").stderr
    assert "already running here" in clone.run("local", "serve").stderr
    assert clone.run("local", "reset").returncode == 0
    assert clone.run("local", "prune").stdout.startswith("0 MB of environments removed")
    assert clone.run("local", "status").returncode == 1


def test_git_never_sees_the_files_of_the_local_workspace(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    try:
        assert command(tmp_path, ["up"]).returncode == 0
        added = subprocess.run(
            ["git", "-C", str(tmp_path), "add", "-A", "-n"], capture_output=True, check=True, text=True
        )
        assert added.stdout == ""
    finally:
        command(tmp_path, ["down"])


def test_faults_are_laid_listed_and_cleared(clone: Project) -> None:
    assert clone.run("local", "fault", "list").returncode == 1
    assert clone.run("local", "up").returncode == 0
    assert clone.run("local", "fault", "add", "--method", "PUT", "--status", "503", "--count", "2").returncode == 0
    (fault,) = json.loads(clone.run("local", "fault", "list").stdout)
    assert (fault["method"], fault["status"]) == ("PUT", 503)
    assert clone.run("local", "fault", "quota", "standardDSv2Family=8").returncode == 0
    assert clone.run("local", "fault", "tokens", "--lifetime", "60").returncode == 0
    assert clone.run("local", "fault", "clear").returncode == 0
    assert json.loads(clone.run("local", "fault", "list").stdout) == []
    assert clone.run("local", "fault").returncode == 64
