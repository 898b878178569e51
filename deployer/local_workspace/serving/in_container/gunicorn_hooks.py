"""Configuration of gunicorn, read inside the environment of a deployment.

Which Python and which gunicorn that has is the user's choice: Python 3.8 and gunicorn 20 and later read this file, so
that it imports nothing but the standard library. Settings that a gunicorn does not know it leaves alone.

The local workspace holds the other end of the standard input. However it ends, even killed, the pipe closes, and
master and workers, which would live on as orphans otherwise, end too.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

control_socket_disable = True
"""Since gunicorn 25.1: nobody talks to it, and its default place is in the home of the user."""

_pipe = -1


def on_starting(_server: object) -> None:
    global _pipe
    _pipe = os.dup(0)
    with open(os.devnull) as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)  # the scoring script must not read from the pipe
    _at_end_of_pipe(lambda: os.kill(os.getpid(), signal.SIGQUIT))


def post_fork(_server: object, _worker: object) -> None:
    _at_end_of_pipe(lambda: os._exit(1))


def _at_end_of_pipe(end: Callable[[], object]) -> None:
    def wait() -> None:
        while os.read(_pipe, 1):
            pass
        end()

    threading.Thread(target=wait, daemon=True).start()
