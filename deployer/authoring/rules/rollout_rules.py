"""Rules for `x-rollout`: its steps, and gates that could never decide anything."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.authoring.documents.document import Document, Fault
from deployer.authoring.extension_keys import rollout_of
from deployer.authoring.project_index import World
from deployer.core.intent import OnInconclusive, Rollout, Watch
from deployer.core.significance import fewest_grains

GRAINS = (1, 2, 5, 10, 15, 20, 30, 60, 300, 900, 1800, 3600)
"""Intervals of metrics in seconds; those of Azure Monitor from a minute on."""


def rollout_steps(document: Document, _world: World) -> Iterator[Fault]:
    """The steps of a rollout increase and end with 100."""
    steps = document.get("x-rollout", "steps")
    numbers = steps if isinstance(steps, list) and all(type(step) is int for step in steps) else []
    if numbers and (numbers[-1] != 100 or sorted(set(numbers)) != numbers):
        summary = "the steps of a rollout must increase and end with 100"
        yield Fault(path=("x-rollout", "steps"), on_key=True, summary=summary, detail="For example [10, 50, 100].")


def rollout_watch(document: Document, _world: World) -> Iterator[Fault]:
    """Windows hold whole intervals of the metrics, enough of them for a comparison, and end before the limit."""
    rollout = _readable(document)
    if rollout is None or rollout.watch is None:
        return
    watch, place = rollout.watch, ("x-rollout", "watch")
    if watch.grain not in GRAINS:
        yield Fault(
            path=(*place, "grain"),
            summary=f"metrics have no interval of {watch.grain:g} seconds",
            detail="Azure has 1m, 5m, 15m, 30m and 1h; the local workspace 1s, 2s, 5s, 10s, 15s, 20s and 30s too.",
        )
        return
    needed = fewest_grains(rollout.risk()) if watch.slower else 1
    if watch.window < needed * watch.grain:
        yield Fault(
            path=(*place, "window"),
            summary=f"the window of {watch.window:g} s is too short: no comparison could ever decide",
            detail=f"With {rollout.looks} steps and a confidence of {watch.confidence:g}, a comparison of latencies "
            f"needs {needed} intervals: write at least `window: {needed * watch.grain:g}s`.",
        )
    if watch.on_inconclusive is OnInconclusive.WAIT and watch.limit < _shortest(watch):
        yield Fault(
            path=(*place, "limit"),
            summary=f"the limit of {watch.limit:g} s ends before the first verdict is possible",
            detail=f"The window and the time to settle take {_shortest(watch):g} s: write a longer limit.",
        )


def _readable(document: Document) -> Rollout | None:
    """The declared rollout; None if it is not as the schema wants it, which then says so."""
    if not isinstance(document.get("x-rollout", "watch"), dict):
        return None
    try:
        return rollout_of(document)
    except (ValueError, TypeError, KeyError):
        return None


def _shortest(watch: Watch) -> float:
    """The seconds until the window of a step can be over and settled."""
    return 2 * watch.grain + watch.window + watch.settle
