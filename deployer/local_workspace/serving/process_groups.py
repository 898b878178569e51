"""Process groups that end with their server, and pid files by which the next server finds leftovers."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path


class ProcessGroup:
    """A running command and its children. Its standard input is a pipe that closes when this server is gone."""

    def __init__(self, process: asyncio.subprocess.Process, pid_file: Path) -> None:
        self._process = process
        self._pid_file = pid_file

    @classmethod
    async def start(cls, command: Command, *, log: Path, pid_file: Path) -> ProcessGroup:
        """Start the command in a group of its own, its output appended to `log`. Cancelled, it leaves nothing."""
        starting = asyncio.create_task(_spawn(command, log, pid_file))
        try:
            return cls(await asyncio.shield(starting), pid_file)
        except asyncio.CancelledError:
            # A start cannot be taken back half-way: wait for the process, then kill it.
            await asyncio.wait([starting])
            if starting.exception() is None:
                await cls(starting.result(), pid_file).stop(0)
            raise

    async def wait(self) -> int:
        """The exit code of the leader; what is left of its group is killed then."""
        code = await self._process.wait()
        _kill(self._process.pid)
        self._pid_file.unlink(missing_ok=True)
        return code

    async def stop(self, grace: float) -> None:
        """Ask the leader to end, and kill the group after `grace` seconds."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._process.wait()), grace)
        _kill(self._process.pid)
        await self.wait()

    def processor_seconds(self) -> float:
        """The processor time that the leader and its descendants have used so far."""
        try:
            leader = psutil.Process(self._process.pid)
            return sum(_used(each) for each in [leader, *leader.children(recursive=True)])
        except psutil.Error:
            return 0.0

    def kill(self) -> None:
        _kill(self._process.pid)


def _used(process: psutil.Process) -> float:
    with suppress(psutil.Error):  # it may have ended meanwhile
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


async def _spawn(command: Command, log: Path, pid_file: Path) -> asyncio.subprocess.Process:
    try:
        with pid_file.open("w") as pid, log.open("a") as output:
            # The lock is inherited and lives as long as any process of the group: a sign of life no reused id can fake.
            fcntl.flock(pid, fcntl.LOCK_EX)
            process = await asyncio.create_subprocess_exec(
                *command.argv,
                env=command.env,
                cwd=command.cwd,
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(pid.fileno(),),
            )
            pid.write(str(process.pid))
    except BaseException:
        pid_file.unlink(missing_ok=True)
        raise
    return process


def end_leftovers(folder: Path) -> None:
    """Kill every process group of an earlier server that still lives, by the pid files in `folder`."""
    for pid_file in folder.glob("*.pid"):
        with pid_file.open() as pid:
            try:
                fcntl.flock(pid, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                number = pid.read()
                if number.isdigit():
                    _kill(int(number))
        pid_file.unlink(missing_ok=True)


def trim(log: Path, longest: int, kept: int) -> None:
    """Cut a log of more than `longest` bytes down to about the last `kept`; appending to it continues."""
    with suppress(OSError), log.open("r+b") as content:
        if content.seek(0, os.SEEK_END) <= longest:
            return
        content.seek(-kept, os.SEEK_END)
        last = content.read()
        content.truncate(0)
        content.seek(0)
        content.write(last.partition(b"\n")[2])


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
