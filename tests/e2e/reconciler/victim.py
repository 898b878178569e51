"""`deployer` in a process of its own, forked with all imports done, that can be killed after any request it makes."""

from __future__ import annotations

import functools
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

IMPORTS = [
    "azure.ai.ml.entities",
    "azure.storage.blob",
    "deployer.commands.plan_apply_drift",
    "deployer.commands.destroy_rollback",
]
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(IMPORTS)


@dataclass(frozen=True, kw_only=True)
class Orders:
    """`kill_after` so many requests (0: never); `hurry` shortens how long the client waits, and nothing else.

    `environ` are environment variables of the process.
    """

    arguments: Sequence[str]
    output: Path
    kill_after: int = 0
    hurry: bool = False
    environ: Mapping[str, str] = field(default_factory=dict)


def start(orders: Orders) -> ForkServerProcess:
    """Start `deployer` with these arguments; what it prints goes to the file `output`."""
    process = FORK.Process(target=_run, args=(orders,))
    process.start()
    return process


def _run(orders: Orders) -> None:
    stream = os.open(orders.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number in (1, 2):
        os.dup2(stream, number)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    tempfile.tempdir = str(orders.output.parent)
    os.environ.update(orders.environ)
    _count_requests(orders)
    if orders.hurry:
        _hurry()
    sys.argv = ["deployer", *orders.arguments]
    from deployer.cli import main

    main()


def _count_requests(orders: Orders) -> None:
    """Note every request beside the output, and end like a pulled plug once the last one was answered.

    The bodies of writes of endpoints are noted too.

    Polls of one operation, however many there are, count as one request.
    """
    from urllib3.connectionpool import HTTPConnectionPool

    send, lock = HTTPConnectionPool._make_request, threading.Lock()
    notes = os.open(orders.output.with_suffix(".requests"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    bodies = os.open(orders.output.with_suffix(".bodies"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    seen: list[str] = []

    @functools.wraps(send)
    def counting(self: Any, conn: Any, method: str, url: str, *rest: Any, **named: Any) -> Any:
        try:
            return send(self, conn, method, url, *rest, **named)
        finally:
            with lock:
                line = f"{method} {urlsplit(url).path}"
                if method == "PUT" and re.search(r"/onlineEndpoints/[^/]+$", urlsplit(url).path):
                    os.write(bodies, _bytes(named.get("body") or next(iter(rest), b"")) + b"\n")
                if seen[-1:] != [line]:
                    seen.append(line)
                    os.write(notes, f"{line}\n".encode())
                if orders.kill_after and len(seen) >= orders.kill_after:
                    os.kill(os.getpid(), signal.SIGKILL)

    HTTPConnectionPool._make_request = counting  # type: ignore[method-assign]


def _bytes(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else body


def _hurry() -> None:
    """Give up in seconds what a user would wait minutes for."""
    import urllib3
    from azure.core.configuration import ConnectionConfiguration
    from azure.storage.blob import ExponentialRetry

    import deployer.azureml
    from deployer.azureml import arm, retry

    init = ConnectionConfiguration.__init__

    def impatient(self: Any, **named: Any) -> None:
        init(self, **{**named, "connection_timeout": 2, "read_timeout": 2})

    ConnectionConfiguration.__init__ = impatient  # type: ignore[method-assign]
    ExponentialRetry.get_backoff_time = lambda self, settings: 0.1  # type: ignore[method-assign]
    arm._TIMEOUT = urllib3.Timeout(connect=2, read=2)
    short = functools.partial(retry.Patience, operation=6.0, busy=4.0, broken=3.0)
    vars(deployer.azureml)["Patience"] = short
