"""No request is lost while deployments change, containers that die come back, and none outlives its server."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from deployer.local_workspace.ports import Workload, WorkloadFailed
from deployer.local_workspace.serving.process_groups import trim
from deployer.local_workspace.serving.runtime import Runtime
from tests.e2e.serving import Client, blocking, changed, run, until, workload, workspace


def leader(root: Path) -> int:
    """The process id of the only inference server that runs."""
    (pid_file,) = (root / "run").glob("*.pid")
    return int(pid_file.read_text())


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until_dead(*pids: int) -> None:
    await until(lambda: not any(lives(pid) for pid in pids))


async def keep_asking(client: Client, stop: asyncio.Event) -> Counter[tuple[int, str]]:
    answers: Counter[tuple[int, str]] = Counter()
    while not stop.is_set():
        answer = await client.score()
        answers[answer.status, answer.data.decode()] += 1
    return answers


def test_updates_and_traffic_moves_lose_no_request(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            slow = "time.sleep(0.02); return "
            await stand.put(_wide(tmp_path, "blue", slow + "1"))
            stand.traffic = {"blue": 100}
            stop = asyncio.Event()
            asking = [asyncio.create_task(keep_asking(client, stop)) for _ in range(4)]
            await stand.put(_wide(tmp_path, "blue", slow + "2"))
            await stand.put(_wide(tmp_path, "green", slow + "3"))
            stand.traffic = {"green": 100}
            await stand.runtime.delete("e", "blue")
            del stand.deployments["blue"]
            await stand.put(_wide(tmp_path, "green", slow + "4"))
            stop.set()
            answers = sum(await asyncio.gather(*asking), Counter[tuple[int, str]]())
            assert {status for status, _ in answers} == {200}, answers
            assert {text for _, text in answers} >= {"1", "2", "3"}, answers
            assert (await client.score()).data == b"4"

    run(body())


def _wide(folder: Path, deployment: str, body: str) -> Workload:
    return changed(workload(folder, deployment, body), max_concurrent_requests_per_instance=4)


def test_a_killed_container_is_restarted_and_requests_wait_for_it(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            await stand.put(workload(tmp_path, body="return os.getppid()"))
            stand.traffic = {"blue": 100}
            for _ in range(2):
                master = leader(serving_root)
                assert (await client.score()).json() == master
                os.kill(master, signal.SIGKILL)
                await until_dead(master)
                answer = await client.score()
                # Workers outlive their master for a moment and may still answer, or die with the request.
                assert answer.status in (200, 424)
                while (answer := await client.score()).status != 200 or answer.json() == master:
                    assert answer.headers.get("ms-azureml-model-error-statuscode", "502") in ("502", "503")
            assert "The container exited with code -9; restarting" in stand.runtime.logs(
                "e", "blue", "InferenceServer", 1000
            )

    run(body())


def test_a_container_that_hangs_is_restarted_by_its_liveness_probe(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            hangs = workload(tmp_path, body="time.sleep(3600 if data == 'hang' else 0); return os.getppid()")
            probe = replace(hangs.liveness_probe, initial_delay=0.1, period=0.5, timeout=2, failure_threshold=2)
            await stand.put(changed(hangs, liveness_probe=probe))
            stand.traffic = {"blue": 100}
            first = (await client.score()).json()
            assert (await client.score(b"hang")).status == 424
            assert (await client.score()).json() != first
            assert "Liveness probe failed 2 times" in stand.runtime.logs("e", "blue", "InferenceServer", 1000)

    run(body())


def test_a_slow_start_has_the_time_of_the_startup_probe(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            slow = workload(tmp_path, init="time.sleep(2)")
            hasty = replace(slow.readiness_probe, initial_delay=0.1, period=0.1, failure_threshold=1)
            with pytest.raises(WorkloadFailed, match="Readiness probe failed"):
                await stand.put(changed(slow, readiness_probe=hasty))
            with pytest.raises(WorkloadFailed, match="Startup probe failed"):
                await stand.put(changed(slow, startup_probe=hasty))
            patient = replace(hasty, failure_threshold=400)
            await stand.put(changed(slow, readiness_probe=hasty, startup_probe=patient))
            stand.traffic = {"blue": 100}
            assert (await client.score()).json() == "blue"

    asyncio.run(asyncio.wait_for(body(), 60))


def test_readiness_follows_its_probe(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, client):
            gate = tmp_path / "gate"
            busy = workload(tmp_path, body=blocking(gate))
            probe = replace(busy.readiness_probe, period=0.1, timeout=1, failure_threshold=2)
            await stand.put(changed(busy, readiness_probe=probe))
            stand.traffic = {"blue": 100}
            replica = stand.runtime.replica("e", "blue")
            assert replica is not None
            asking = asyncio.create_task(client.score())
            await until(lambda: not replica.ready.is_set())
            gate.touch()
            assert (await asking).json() == "done", "a request on its way is not disturbed"
            assert (await client.score()).json() == "done", "the next one waits until it is ready again"

    run(body())


SERVER = """
import asyncio, sys
from pathlib import Path
from tests.e2e.serving import workload, workspace
async def main(root, folder):
    async with workspace(root) as (stand, _, client):
        await stand.put(workload(folder))
        print("ready", flush=True)
        await asyncio.sleep(600)
asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
"""


def _start_server(root: Path, folder: Path) -> subprocess.Popen[str]:
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(root), str(folder)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    return server


def _group(leader: int) -> list[int]:
    """The processes of a group."""
    return [int(line) for line in subprocess.run(["pgrep", "-g", str(leader)], capture_output=True).stdout.split()]


def test_no_container_outlives_a_killed_server(serving_root: Path, tmp_path: Path) -> None:
    with _start_server(serving_root, tmp_path) as server:
        group = _group(leader(serving_root))
        assert len(group) >= 2
        server.kill()
    run(until_dead(*group))


def test_a_container_that_cannot_end_is_killed_by_the_next_server(serving_root: Path, tmp_path: Path) -> None:
    with _start_server(serving_root, tmp_path) as server:
        group = _group(leader(serving_root))
        for pid in group:
            os.kill(pid, signal.SIGSTOP)
        server.kill()
    assert all(lives(pid) for pid in group)
    sockets = Path((serving_root / "run" / "sockets").read_text())
    assert sockets.exists()
    runtime = Runtime(serving_root)
    run(until_dead(*group))
    assert not list((serving_root / "run").glob("*.pid"))
    assert not sockets.exists()
    asyncio.run(runtime.close())
    assert not list((serving_root / "run").iterdir())


def test_closing_ends_every_process_and_leaves_no_file(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> tuple[list[int], Path]:
        async with workspace(serving_root) as (stand, _, _client):
            await stand.put(workload(tmp_path))
            replica = stand.runtime.replica("e", "blue")
            assert replica is not None
            return _group(leader(serving_root)), replica.container.socket.parent

    group, sockets = run(body())
    assert group
    assert not any(lives(pid) for pid in group)
    assert not sockets.exists()
    assert not list((serving_root / "run").iterdir())


def test_a_log_does_not_grow_for_ever(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("a") as appending:
        appending.writelines(f"line {number}\n" for number in range(1000))
        appending.flush()
        trim(log, longest=100_000, kept=100)
        assert log.stat().st_size > 5000, "short enough"
        trim(log, longest=5000, kept=100)
        print("afterwards", file=appending)
    lines = log.read_text().splitlines()
    assert lines[-2:] == ["line 999", "afterwards"]
    assert 5 < len(lines) < 15
    assert all(line.startswith("line ") for line in lines[:-1])


def test_an_end_without_an_exception_is_told_with_its_last_words(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with workspace(serving_root) as (stand, _, _client):
            silent = workload(tmp_path, init="print('no licence for this model', flush=True); os._exit(3)")
            with pytest.raises(WorkloadFailed, match=r"User container has crashed.* no licence for this model"):
                await stand.put(silent)

    run(body())
