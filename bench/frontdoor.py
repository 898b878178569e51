"""What the front door of the local workspace costs, and whether it loses requests while deployments change.

    python bench/frontdoor.py            requests per second through it against the inference server alone
    python bench/frontdoor.py --updates  10,000 requests over 60 s with in-place updates and traffic moves going on

The client is a process of its own with eight threads on raw sockets; both sides get the same constant scoring script.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.e2e.serving import KEY, Workspace, changed, workload, workspace

CONNECTIONS = 8
ROUNDS = 5
SECONDS = 3.0
BODY = b'{"data": 1}'


def request_bytes(path: str, close: bool) -> bytes:
    connection = "close" if close else "keep-alive"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\nConnection: {connection}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    )
    return head.encode() + BODY


def connect(target: str) -> socket.socket:
    if target.startswith("/"):
        unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        unix.connect(target)
        return unix
    tcp = socket.create_connection(("127.0.0.1", int(target)))
    tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return tcp


def read_answer(connection: socket.socket) -> int:
    """The status of one answer whose length its headers give."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            return 0
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    return int(head.split(b" ")[1])


def one_connection(target: str, path: str, until: float, pause: float, statuses: Counter[int]) -> None:
    """Ask again and again; a unix socket is opened anew each time, as the inference server closes it."""
    close = target.startswith("/")
    message = request_bytes(path, close)
    connection = connect(target)
    while time.monotonic() < until:
        try:
            connection.sendall(message)
            status = read_answer(connection)
        except OSError:
            status = 0
        statuses[status] += 1
        if close or status == 0:
            connection.close()
            connection = connect(target)
        time.sleep(pause) if pause else None
    connection.close()


def client(target: str, path: str, seconds: float, pause: float) -> None:
    """Print how often each status came, and in how many seconds; 0 is a broken connection."""
    counts = [Counter[int]() for _ in range(CONNECTIONS)]
    started = time.monotonic()
    threads = [
        threading.Thread(target=one_connection, args=(target, path, started + seconds, pause, count))
        for count in counts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = sum(counts, Counter[int]())
    print(json.dumps({"statuses": total, "seconds": time.monotonic() - started}))


async def run_client(target: str, path: str, seconds: float, pause: float = 0.0) -> tuple[Counter[int], float]:
    arguments = ("--client", target, path, str(seconds), str(pause))
    process = await asyncio.create_subprocess_exec(sys.executable, __file__, *arguments, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    result = json.loads(output)
    return Counter({int(status): number for status, number in result["statuses"].items()}), result["seconds"]


async def ratio(folder: Path, workers: int) -> None:
    async with workspace(folder / "root") as (stand, _, door):
        await stand.put(
            changed(
                workload(folder, body="return 1"),
                max_concurrent_requests_per_instance=CONNECTIONS,
                environment_variables={"WORKER_COUNT": str(workers)},
            )
        )
        stand.traffic = {"blue": 100}
        replica = stand.runtime.replica("e", "blue")
        assert replica is not None
        sides = {
            "inference server alone": (str(replica.container.socket), "/score"),
            "through the front door": (door.url.rpartition(":")[2], "/inference/e/score"),
        }
        rates: dict[str, list[float]] = {side: [] for side in sides}
        for _ in range(ROUNDS):
            for side, (target, path) in sides.items():
                statuses, seconds = await run_client(target, path, SECONDS)
                assert set(statuses) == {200}, (side, statuses)
                rates[side].append(statuses[200] / seconds)
        for side, measured in rates.items():
            print(f"{side}: {statistics.median(measured):.0f} requests/s, {[round(rate) for rate in measured]}")
        ratios = [through / alone for alone, through in zip(*rates.values(), strict=True)]
        print(
            f"{workers} worker(s): median ratio {statistics.median(ratios):.2f}, {[round(each, 2) for each in ratios]}"
        )


async def updates(folder: Path) -> None:
    async with workspace(folder / "root") as (stand, _, door):
        blue, green = (
            changed(workload(folder, name, body="return 1"), max_concurrent_requests_per_instance=CONNECTIONS)
            for name in ("blue", "green")
        )
        await stand.put(blue)
        await stand.put(green)
        stand.traffic = {"blue": 100}
        pause = 60 * CONNECTIONS / 10_000
        load = asyncio.create_task(run_client(door.url.rpartition(":")[2], "/inference/e/score", 62, pause * 0.9))
        changes = await _keep_changing(stand, load)
        statuses, seconds = await load
        lost = statuses.total() - statuses[200]
        print(f"{statuses.total()} requests in {seconds:.0f} s, {changes} changes, {lost} lost: {dict(statuses)}")


async def _keep_changing(stand: Workspace, load: asyncio.Task[tuple[Counter[int], float]]) -> int:
    changes = 0
    while not load.done():
        for deployment in ("blue", "green"):
            await stand.put(stand.deployments[deployment])
            stand.traffic = {deployment: 100} if changes % 4 else {"blue": 50, "green": 50}
            changes += 2
    return changes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", action="store_true")
    parser.add_argument("--client", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.client:
        target, path, seconds, pause = arguments.client
        client(target, path, float(seconds), float(pause))
        return
    with tempfile.TemporaryDirectory() as folder:
        if arguments.updates:
            asyncio.run(updates(Path(folder)))
        else:
            for workers in (1, 2):
                asyncio.run(ratio(Path(folder), workers))


if __name__ == "__main__":
    main()
