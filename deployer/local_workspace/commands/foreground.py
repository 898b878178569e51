"""Run the server in this process, and report to the process that started it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys

from deployer.local_workspace.command_errors import CommandError, os_errors_explained
from deployer.local_workspace.commands.background import hold_for_life
from deployer.local_workspace.files.paths import Home
from deployer.local_workspace.files.private_files import make_home
from deployer.local_workspace.server import DataPlane, real_data_plane, serve


def run(
    home: Home, *, realistic: float, new_ports: bool, ready_fd: int | None = None, plane: DataPlane | None = None
) -> int:
    """Serve until stopped. Why it could not start goes to stderr, and to `ready_fd` if given."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")

    def ready() -> None:
        _report(ready_fd, {"ready": True})

    try:
        with os_errors_explained("creating the folder of the local workspace"):
            make_home(home.root)
            lock = hold_for_life(home)
        with lock:
            served = serve(home, plane or real_data_plane(), realistic=realistic, new_ports=new_ports, ready=ready)
            asyncio.run(served)
    except CommandError as error:
        _report(ready_fd, {"error": str(error)})
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _report(ready_fd: int | None, what: dict[str, object]) -> None:
    if ready_fd is not None:
        with os.fdopen(ready_fd, "w") as pipe:
            pipe.write(json.dumps(what) + "\n")
