"""How busy the processors of deployments were, from the processor time that their processes have used so far."""

from __future__ import annotations

from collections import defaultdict, deque

KEPT = 2_000
"""Looks that are remembered of each deployment."""


class Processors:
    """What was used at each look, by deployment. An instance counts as one processor."""

    def __init__(self) -> None:
        self._looks: defaultdict[str, deque[tuple[float, float]]] = defaultdict(lambda: deque(maxlen=KEPT))

    def look(self, key: str, at: float, used: float) -> None:
        """Note that a deployment had used so many seconds; fewer than before are those of new processes."""
        looks = self._looks[key]
        if looks and used < looks[-1][1]:
            looks.clear()
        looks.append((at, used))

    def percent(self, key: str, window: float, instances: int) -> float | None:
        """The share of its processors that was used in the last `window` seconds; None before most of it is over."""
        looks = self._looks[key]
        if not looks:
            return None
        now, used = looks[-1]
        begun, before = next(look for look in looks if look[0] >= now - window)
        if now - begun < 0.75 * window:
            return None
        return min(100.0, 100 * (used - before) / (now - begun) / instances)
