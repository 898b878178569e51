"""The load generator: wrk where it is installed, else a plain one in Python.

The plain one is slower, so that ratios to the floor look better with it than they are.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one stretch of load showed: requests a second, milliseconds, replies that were not 2xx."""

    per_second: float
    p50: float
    p99: float
    errors: int


def generator() -> str:
    """Which generator is used here."""
    return "wrk" if shutil.which("wrk") else "a Python thread per connection"


def press(url: str, body: str, connections: int, seconds: int) -> Load:
    """POST `body` to `url` over `connections` for `seconds`."""
    if shutil.which("wrk"):
        return _with_wrk(url, body, connections, seconds)
    return _with_threads(url, body, connections, seconds)


def _with_wrk(url: str, body: str, connections: int, seconds: int) -> Load:
    with TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        header = 'wrk.headers["Content-Type"] = "application/json"'
        script.write_text(f'wrk.method = "POST"\n{header}\nwrk.body = [=[{body}]=]\n')
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), url]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    errors = (int(failed[1]) if failed else 0) + (sum(map(int, broken.groups())) if broken else 0)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    assert rate is not None, text
    return Load(per_second=float(rate[1]), p50=_latency(text, 50), p99=_latency(text, 99), errors=errors)


def _latency(text: str, percent: int) -> float:
    found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", text)
    assert found is not None, text
    return float(found[1]) * UNITS[found[2]]


def _with_threads(url: str, body: str, connections: int, seconds: int) -> Load:
    taken: list[float] = []
    failed: list[int] = []
    end = time.perf_counter() + seconds
    arguments = (url, body.encode(), end, taken, failed)
    threads = [threading.Thread(target=_one_connection, args=arguments) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.sort()
    middle, late = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
    return Load(per_second=len(taken) / seconds, p50=middle * 1000, p99=late * 1000, errors=len(failed))


def _one_connection(url: str, body: bytes, end: float, taken: list[float], failed: list[int]) -> None:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=30)
    while (start := time.perf_counter()) < end:
        try:
            connection.request("POST", parts.path, body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            reply.read()
            if reply.status != 200:
                failed.append(reply.status)
        except (OSError, HTTPException):
            failed.append(0)
            connection.close()
        taken.append(time.perf_counter() - start)
