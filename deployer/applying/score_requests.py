"""Scoring requests of a user: one with retries while the endpoint is busy, or many with statistics."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from deployer.core.errors import Unreachable
from deployer.core.statistics import Sample, Summary, summary
from deployer.core.workspace import Answer

RETRIED = frozenset({429, 503})
"""Statuses of a busy or unready endpoint, which are temporary; an error of the model (424) is not."""

WAITS = (0.2, 0.5, 1.0)
"""Seconds before the second, third and fourth try."""

Progress = Callable[[Iterable[Sample], int], Iterable[Sample]]
"""Passes samples through while showing progress towards their total."""


def ask_patiently(ask: Callable[[], Answer], pause: Callable[[float], object] = time.sleep) -> Answer:
    """Send a request; repeat it with growing pauses while the endpoint is busy, at most len(WAITS) times."""
    answer = ask()
    for wait in WAITS:
        if answer.status not in RETRIED:
            break
        pause(wait)
        answer = ask()
    return answer


def measure(
    ask: Callable[[bytes], Answer], bodies: Sequence[bytes], *, repeat: int, concurrency: int, progress: Progress
) -> Summary:
    """Send `repeat` requests, cycling through the bodies, `concurrency` at a time; the statistics of their answers."""
    work = [bodies[number % len(bodies)] for number in range(repeat)]
    started = time.perf_counter()
    with ThreadPoolExecutor(max_workers=concurrency) as pool:
        samples = list(progress(pool.map(lambda body: _sample(ask, body), work), len(work)))
    return summary(samples, time.perf_counter() - started)


def _sample(ask: Callable[[bytes], Answer], body: bytes) -> Sample:
    try:
        answer = ask(body)
    except Unreachable:
        return Sample(milliseconds=0.0, error="no answer")
    error = "" if answer.status == 200 else str(answer.status)
    return Sample(milliseconds=answer.milliseconds, deployment=answer.deployment, error=error)
