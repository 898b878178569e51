"""Process groups, started and cancelled at any moment."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from deployer.local_workspace.serving.process_groups import Command, ProcessGroup


def running(mark: Path) -> str:
    """The ids of the processes with this word on their command line."""
    return subprocess.run(["pgrep", "-f", f"^sleep-for {mark}"], capture_output=True, text=True).stdout


def command(folder: Path) -> Command:
    """A process that does nothing for an hour, with `folder` on its command line."""
    script = f"exec -a 'sleep-for {folder}' sleep 3600"
    return Command(argv=("bash", "-c", script), env=dict(os.environ), cwd=folder)


@pytest.mark.parametrize("turns", range(8))
def test_a_start_that_is_cancelled_leaves_nothing(turns: int, tmp_path: Path) -> None:
    async def body() -> None:
        pid_file = tmp_path / "1.pid"
        start = ProcessGroup.start(command(tmp_path), log=tmp_path / "log", pid_file=pid_file)
        starting = asyncio.create_task(start)
        for _ in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        (ended,) = await asyncio.gather(starting, return_exceptions=True)
        if isinstance(ended, ProcessGroup):
            await ended.stop(0)
        else:
            assert isinstance(ended, asyncio.CancelledError)
        assert not pid_file.exists()
        assert running(tmp_path) == ""

    asyncio.run(body())


def test_a_start_that_fails_leaves_nothing(tmp_path: Path) -> None:
    async def body() -> None:
        missing = Command(argv=(str(tmp_path / "missing"),), env={}, cwd=tmp_path)
        with pytest.raises(FileNotFoundError):
            await ProcessGroup.start(missing, log=tmp_path / "log", pid_file=tmp_path / "1.pid")
        assert not (tmp_path / "1.pid").exists()

    asyncio.run(body())
