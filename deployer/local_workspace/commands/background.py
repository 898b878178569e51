"""Start, find and stop the server in the background. Only the standard library: this runs with every command."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from deployer.local_workspace.command_errors import CommandError
from deployer.local_workspace.files.paths import Home
from deployer.local_workspace.files.private_files import make_home, read_json

_START_SECONDS = 30
_END_SECONDS = 20


def alive(home: Home) -> dict[str, Any] | None:
    """The connection of a running server that answers; None where there is none."""
    if not is_held(home.lock):
        return None
    found = read_json(home.connection)
    return found if found and _answers(urlsplit(found["page"]).port or 0) else None


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"GET /alive HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return connection.recv(5) == b"HTTP/"
    except OSError:
        return False


def is_held(path: Path) -> bool:
    """Whether a living process holds this lock; a pid file could be stale, a lock cannot."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except BlockingIOError:
        return True
    return False


@contextmanager
def holding(path: Path) -> Iterator[None]:
    """Hold a lock, waiting for it as long as another process has it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def hold_for_life(home: Home) -> IO[str]:
    """Take the lock of the server and write our pid into it. Raises CommandError where another server is running."""
    file = home.lock.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        raise CommandError(f"a local workspace is already running here, as process {file.read().strip()}") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def start(home: Home, options: Sequence[str]) -> tuple[dict[str, Any], bool]:
    """The connection of the running server, and whether this call started it. Raises CommandError."""
    found = alive(home)
    if found is not None:
        return found, False
    make_home(home.root)
    with holding(home.start_lock):
        found = alive(home)
        return (found, False) if found is not None else (_spawn(home, options), True)


def _spawn(home: Home, options: Sequence[str]) -> dict[str, Any]:
    """Start a server that outlives this process, and wait until it says that it answers."""
    if is_held(home.lock):
        raise CommandError(
            f"the local workspace is running but does not respond; run `down` to stop it; see {home.log}"
        )
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "deployer.local_workspace", "serve", "--root", str(home.root)]
    with home.log.open("a") as log:
        child = subprocess.Popen(
            [*command, "--ready-fd", str(writing), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(writing,),
            start_new_session=True,
        )
    os.close(writing)
    said = _first_line(reading)
    if said.get("ready"):
        return read_json(home.connection) or {}
    child.kill()
    raise CommandError(str(said.get("error") or f"the local workspace did not start; see {home.log}"))


def _first_line(reading: int) -> dict[str, Any]:
    """What the new server reports over its pipe; empty where it says nothing in time."""
    with os.fdopen(reading) as pipe:
        if not select.select([pipe], [], [], _START_SECONDS)[0]:
            return {}
        line = pipe.readline()
    return dict(json.loads(line)) if line else {}


def stop(home: Home) -> bool:
    """Stop the server and everything it started; False where none is running."""
    if not home.root.is_dir():
        return False
    with holding(home.start_lock):
        return _end(home)


def _end(home: Home) -> bool:
    if not is_held(home.lock):
        return False
    pid = int(home.lock.read_text())
    _signal(pid, signal.SIGTERM)
    end = time.monotonic() + _END_SECONDS
    while is_held(home.lock):
        if time.monotonic() > end:
            _signal(pid, signal.SIGKILL)
            end = time.monotonic() + _END_SECONDS
        time.sleep(0.01)
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def forget(home: Home) -> None:
    """Stop the server and remove all its state except its port numbers."""
    if not home.root.is_dir():
        return
    kept = {home.ports, home.start_lock, home.lock}
    with holding(home.start_lock):
        _end(home)
        for path in home.root.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path not in kept:
                path.unlink()
