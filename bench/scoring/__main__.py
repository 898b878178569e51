"""Scoring measured beside what users would use instead: `python -m bench.scoring [--others] [--write]`.

Rounds are interleaved and medians taken, since absolute figures drift on shared machines; compare within a table only.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.scoring import report
from bench.scoring.contenders import (
    ROOT,
    Contender,
    Running,
    conda_requirements,
    others,
    ours,
    started,
    virtualenv,
    worker_megabytes,
)
from bench.scoring.load import Load, press
from bench.scoring.samples import IMAGES, encoded

BODIES = {"28x28 PNG": "seven.png", "640x480 JPEG": "seven-photograph.jpg"}
CONNECTIONS = (1, 8)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure scoring beside the tutorial's script and other servers.")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench-scoring", help="virtualenvs and logs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of load, per figure and round")
    parser.add_argument("--others", action="store_true", help="LitServe, BentoML and MLflow too")
    parser.add_argument("--write", action="store_true", help="put the results into docs/benchmarks.md")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    contenders = ours(options.work) + (others(options.work) if options.others else [])
    with ExitStack() as stack:
        running = [stack.enter_context(started(contender)) for contender in contenders]
        loads = measured(contenders, options.rounds, options.seconds)
        memory = {each.contender.name: worker_megabytes(each.pid) for each in running if _has_worker(each)}
        served = batch_in_one_request(contenders, options.rounds, options.seconds)
    boots = {each.name: boot_seconds(each) for each in contenders if each.name in report.ON_INFERENCE_SERVER}
    images = {"served": served, **batch(options.work)}
    text = report.section(loads, memory, boots, images, options.rounds, options.seconds)
    print(text)
    if options.write:
        report.write(ROOT / "docs" / "benchmarks.md", text)


def _has_worker(running: Running) -> bool:
    return running.contender.name in report.ON_INFERENCE_SERVER


def measured(contenders: Sequence[Contender], rounds: int, seconds: int) -> dict[tuple[str, str, int], Load]:
    """(contender, body, connections) -> the medians of `rounds`, every round going over all of them."""
    taken: dict[tuple[str, str, int], list[Load]] = {}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", flush=True)
        for body, file in BODIES.items():
            for connections in CONNECTIONS:
                for contender in contenders:
                    load = press(contender.url, request(contender, file), connections, seconds)
                    taken.setdefault((contender.name, body, connections), []).append(load)
    return {key: _median(loads) for key, loads in taken.items()}


def _median(loads: list[Load]) -> Load:
    return Load(
        per_second=statistics.median(load.per_second for load in loads),
        p50=statistics.median(load.p50 for load in loads),
        p99=statistics.median(load.p99 for load in loads),
        errors=sum(load.errors for load in loads),
    )


def request(contender: Contender, file: str) -> str:
    """The body that asks `contender` about a sample."""
    image = encoded(file)
    return json.dumps({contender.key: [image] if contender.key == "inputs" else image})


def boot_seconds(contender: Contender, times: int = 5) -> float:
    """The median time from starting the process to the first answer."""
    boots = []
    for _ in range(times):
        with started(contender) as running:
            boots.append(running.boot)
    return statistics.median(boots)


def batch_in_one_request(contenders: Sequence[Contender], rounds: int, seconds: int) -> float:
    """Images a second from the server with LiteRT, asked about IMAGES of them at a time over one connection."""
    [contender] = [each for each in contenders if each.name == "LiteRT"]
    body = json.dumps({"data": [encoded("seven.png")] * IMAGES})
    return IMAGES * statistics.median(press(contender.url, body, 1, seconds).per_second for _ in range(rounds))


def batch(work: Path) -> dict[str, float]:
    """Images a second in one process: from bytes, on arrays, and the engine's own limit."""
    python = virtualenv(work, "light", conda_requirements("conda.yml")) / "bin" / "python"
    command = [str(python), "-m", "bench.scoring.batch"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(ended.stdout)
    return figures


if __name__ == "__main__":
    main()
