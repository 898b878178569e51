"""All local workspaces of this user, in whatever folders: those of deleted projects run on until somebody ends them."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from deployer.local_workspace.command_errors import CommandError
from deployer.local_workspace.commands.background import is_held
from deployer.local_workspace.files.paths import Home

_SERVE = ["-m", "deployer.local_workspace", "serve", "--root"]
_END_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One local workspace: its process, its folder and the seconds since its start."""

    pid: int
    root: Path
    seconds: int

    @property
    def is_gone(self) -> bool:
        """Whether its folder was deleted under it."""
        return not self.root.is_dir()

    def line(self, size: int) -> str:
        """What `list` prints of it; `size` in bytes."""
        about = "its folder was deleted" if self.is_gone else f"{size / 1_000_000:,.0f} MB"
        return f"process {self.pid}, for {self.seconds // 60:,} min, {about}: {self.root}"


def running() -> list[Running]:
    """The local workspaces of this user, by folder."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "uids", "create_time"]):
        root = _root_of(process.info["cmdline"] or [])
        if root is not None and process.info["uids"] and process.info["uids"].real == os.getuid():
            seconds = int(time.time() - process.info["create_time"])
            found.append(Running(pid=process.info["pid"], root=root, seconds=seconds))
    return sorted(found, key=lambda each: (str(each.root), each.pid))


def _root_of(words: Sequence[str]) -> Path | None:
    """The folder that a process serves; None for any other program."""
    serve = list(words[1:5])
    return Path(words[5]) if serve == _SERVE and len(words) > 5 else None


def size_of(root: Path) -> int:
    """The bytes of all files in a folder; 0 where there is none."""
    return sum(file.lstat().st_size for file in root.rglob("*") if file.is_file() and not file.is_symlink())


def end(workspaces: Iterable[Running]) -> int:
    """End local workspaces with all they started; how many."""
    processes = [process for each in workspaces if (process := _process(each))]
    for process in processes:
        process.terminate()
    _, slow = psutil.wait_procs(processes, timeout=_END_SECONDS)
    for process in slow:
        process.kill()
    return len(processes)


def _process(workspace: Running) -> Any:
    """The process, if it is still that workspace: numbers are used again."""
    try:
        process = psutil.Process(workspace.pid)
        return process if _root_of(process.cmdline()) == workspace.root else None
    except psutil.NoSuchProcess:
        return None


def prune(home: Home) -> int:
    """Delete the built environments, and return their bytes; `up` builds again what deployments need.

    Raises CommandError while the workspace runs.
    """
    if is_held(home.lock):
        raise CommandError("the local workspace is running, with these environments; stop it first with `down`")
    size = size_of(home.environments)
    shutil.rmtree(home.environments, ignore_errors=True)
    return size
