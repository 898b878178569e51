"""The figures as the section "Scoring" of docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from bench.scoring.contenders import TWO_WORKERS
from bench.scoring.load import Load, generator

Loads = Mapping[tuple[str, str, int], Load]

ON_INFERENCE_SERVER = ("constant", "LiteRT", "TensorFlow", "tutorial")
TITLE = "## Scoring"


def section(
    loads: Loads,
    memory: Mapping[str, float],
    boots: Mapping[str, float],
    images: Mapping[str, float],
    rounds: int,
    seconds: int,
) -> str:
    """Everything that was measured, as Markdown."""
    parts = [
        TITLE,
        f"Measured on {date.today().isoformat()} with `python -m bench.scoring`: {machine()}. Load from {generator()} "
        "on the same machine over loopback, one worker per server unless its name says otherwise, medians of "
        f"{rounds} interleaved rounds of {seconds} s. `constant` is a scoring script that returns 7: the baseline of "
        "Microsoft's inference server, which runs the first five rows. Its workers are one process each; LitServe has "
        "an additional process for HTTP. Compare rows within a table, and only if the machine was otherwise idle: the "
        f"load average was {os.getloadavg()[2]:.1f} over the last 15 minutes.",
        *(_table(loads, body) for body in dict.fromkeys(body for _, body, _ in loads)),
        *_beside_litserve(loads),
        _resources(memory, boots),
        f"32 images per request: {images['served']:,.0f} images per second from the server. Without a server, in one "
        f"process: {images['bytes']:,.0f} from PNG bytes in JSON, and {images['arrays']:,.0f} from decoded arrays, "
        f"which is {images['arrays'] / images['limit']:.2f} of the engine alone ({images['limit']:,.0f}).",
    ]
    return "\n\n".join(parts) + "\n"


def _beside_litserve(loads: Loads) -> list[str]:
    parts = [
        f"{body}: {loads['LiteRT', body, 8].per_second / load.per_second:.2f} with one worker, "
        f"{_two_workers(loads, 'LiteRT', body) / _two_workers(loads, 'litserve', body):.2f} with two"
        for (name, body, connections), load in loads.items()
        if (name, connections) == ("litserve", 8)
    ]
    return [f"LiteRT relative to LitServe, with 8 connections. {'; '.join(parts)}."] if parts else []


def _two_workers(loads: Loads, name: str, body: str) -> float:
    return loads[name + TWO_WORKERS, body, 8].per_second


def machine() -> str:
    """The machine in a few words."""
    info = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.+)", info.read_text()) if info.exists() else None
    return f"{os.cpu_count()} cores ({model[1] if model else platform.machine()}), Python {platform.python_version()}"


def _table(loads: Loads, body: str) -> str:
    names = list(dict.fromkeys(name for name, of_body, _ in loads if of_body == body))
    lines = [
        f"| {body} | 1 connection, req/s | p50/p99 ms | x tutorial | of floor | 8 connections, req/s | x tutorial "
        "| of floor | errors |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join(lines + [_row(loads, body, name) for name in names])


def _row(loads: Loads, body: str, name: str) -> str:
    one, eight = loads[name, body, 1], loads[name, body, 8]
    return (
        f"| {name} | {one.per_second:,.0f} | {one.p50:.2f}/{one.p99:.2f} | {_ratios(loads, body, name, 1)} "
        f"| {eight.per_second:,.0f} | {_ratios(loads, body, name, 8)} | {one.errors + eight.errors} |"
    )


def _ratios(loads: Loads, body: str, name: str, connections: int) -> str:
    rate = loads[name, body, connections].per_second
    tutorial, floor = (loads[other, body, connections].per_second for other in ("tutorial", "constant"))
    return f"{rate / tutorial:.1f} | {rate / floor:.2f}"


def _resources(memory: Mapping[str, float], boots: Mapping[str, float]) -> str:
    lines = ["| | worker memory after the load, MB (10^6 bytes, resident) | boot to ready, s |", "|---|---|---|"]
    return "\n".join(lines + [f"| {name} | {memory[name]:.1f} | {boots[name]:.2f} |" for name in ON_INFERENCE_SERVER])


def write(path: Path, text: str) -> None:
    """Put `text` in the place of the section of that title in `path`, or at its end."""
    old = path.read_text() if path.exists() else "# Benchmarks\n"
    before, _, rest = old.partition(TITLE + "\n")
    after = re.search(r"^## ", rest, re.MULTILINE)
    path.write_text(before.rstrip() + "\n\n" + text + ("\n" + rest[after.start() :] if after else ""))
