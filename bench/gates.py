"""How often the gates of a rollout err, for many numbers of requests and shares of errors.

    python bench/gates.py               a table: false alarms and misses in percent of simulated rollouts
    python bench/gates.py --svg FILE    writes a picture of it as well

A rollout has the steps 10, 50 and 100, the gate `error_rate: +0.5%` and a confidence of 95 %. A false alarm is a
rollout that is put back although the new deployment fails as seldom as the old one; a miss is one that goes through
although the new one fails by three percent more. The requests are those to the new deployment at the first step.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from deployer.core.intent import Watch
from deployer.core.judgement import Verdict, together
from deployer.core.metrics import Grain, Span
from deployer.core.plan import Watching
from deployer.planning.gates import Window, judged

REQUESTS = (50, 200, 500, 2_000, 10_000, 50_000)
ERRORS = (0.001, 0.005, 0.01, 0.02, 0.05)
WORSE = 0.03
RUNS = 200
STEPS = (0.1, 0.5, 1.0)
SPAN = Span(start=0.0, end=60.0, grain=60.0)


def window(draw: np.random.Generator, requests: int, errors: float) -> Window:
    """What customers got: so many requests, of which this share fails."""
    failed = float(draw.binomial(requests, errors))
    return Window(
        span=SPAN, grains=(Grain(start=0.0, statuses={200: requests - failed, 500: failed}, total=float(requests)),)
    )


def stopped(draw: np.random.Generator, requests: int, old: float, new: float) -> bool:
    """Whether a rollout is put back."""
    watch = Watch(min_requests=requests, error_rate=0.005)
    total, beside = requests / STEPS[0], Window(span=SPAN)
    for share in STEPS:
        beside = window(draw, round(total * (1 - share)), old) if share < 1 else beside
        watching = Watching(
            watch=watch, rising={"green": ""}, beside="blue", beside_serves=share < 1, risk=0.05 / len(STEPS)
        )
        rows = judged("green", watching, window(draw, round(total * share), new), beside)
        if together(rows) is Verdict.FAILED:
            return True
    return False


def cells() -> Iterator[tuple[int, float, float, float]]:
    """Requests, share of errors, and the shares of false alarms and misses."""
    draw = np.random.default_rng(1)
    for requests in REQUESTS:
        for errors in ERRORS:
            alarms = sum(stopped(draw, requests, errors, errors) for _ in range(RUNS))
            caught = sum(stopped(draw, requests, errors, errors + WORSE) for _ in range(RUNS))
            yield requests, errors, alarms / RUNS, 1 - caught / RUNS


def table(found: list[tuple[int, float, float, float]]) -> str:
    """One row for each number of requests; false alarms / misses in percent."""
    shares = {(requests, errors): f"{100 * alarm:.1f} / {100 * miss:.1f}" for requests, errors, alarm, miss in found}
    head = ["requests", *(f"{errors:.1%} errors" for errors in ERRORS)]
    rows = [[f"{requests:,}", *(shares[requests, errors] for errors in ERRORS)] for requests in REQUESTS]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def picture(found: list[tuple[int, float, float, float]]) -> str:
    """A square for each cell: how many bad ones are missed (the darker, the more), false alarms as its number."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 300" font-family="system-ui, sans-serif" '
        'font-size="13">',
        '<rect width="640" height="300" fill="#ffffff"/>',
        '<text x="20" y="22">Misses of a version that fails 3 % more often, and (in brackets) false alarms</text>',
    ]
    for requests, errors, alarm, miss in found:
        x, y = 130 + 98 * ERRORS.index(errors), 48 + 36 * REQUESTS.index(requests)
        shade = round(245 - 190 * miss)
        ink = "#ffffff" if miss > 0.5 else "#202020"
        parts.append(f'<rect x="{x}" y="{y}" width="94" height="32" fill="rgb({shade},{shade},250)"/>')
        label = f"{miss:.0%} ({alarm:.1%})"
        parts.append(f'<text x="{x + 47}" y="{y + 21}" text-anchor="middle" fill="{ink}">{label}</text>')
    for number, requests in enumerate(REQUESTS):
        parts.append(f'<text x="120" y="{69 + 36 * number}" text-anchor="end">{requests:,} requests</text>')
    for number, errors in enumerate(ERRORS):
        parts.append(f'<text x="{177 + 98 * number}" y="284" text-anchor="middle">{errors:.1%} before</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    """Print the table, and write the picture if one is asked for."""
    found = list(cells())
    print(table(found))
    if sys.argv[1:2] == ["--svg"]:
        Path(sys.argv[2]).write_text(picture(found), encoding="utf-8")


if __name__ == "__main__":
    main()
