"""Waiting: for operations to end, for resources to settle, for a busy service to take a write. Always bounded."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from deployer.azureml.causes import error_of
from deployer.azureml.refusal import Refusal
from deployer.core.errors import Busy

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, in seconds. `poll` is the time between two looks at something that somebody changes.

    An operation of Azure takes minutes (a first deployment ten, its image up to an hour); another one holds a resource
    as long. `broken` is for what should not fail at all: no answer, or 5xx, after the SDK's own retries.
    """

    operation: float = 7200.0
    busy: float = 1800.0
    broken: float = 120.0
    poll: float = 5.0
    longest_pause: float = 30.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Refused(Exception):
    """A write that was refused, before it is told to anybody."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def insist(patience: Patience, what: str, attempt: Callable[[], T], *, conflict_passes: bool = True) -> T:
    """The result of `attempt`, tried again while it is refused for a reason that passes. Raises WorkspaceError.

    A conflict (409) on an endpoint is another operation on it, on an asset it is one of that name with other content.
    """
    start, pause = patience.clock(), min(1.0, patience.poll)
    while True:
        try:
            return attempt()
        except Refused as refused:
            refusal = refused.refusal
        wait = pause if refusal.retry_after is None else refusal.retry_after
        final = refusal.status == 409 and not conflict_passes
        if final or patience.clock() + wait > start + _time_for(refusal, patience):
            raise error_of(refusal, what)
        patience.sleep(wait)
        pause = min(pause * 2, patience.longest_pause)


def _time_for(refusal: Refusal, patience: Patience) -> float:
    """Seconds to keep trying after such a refusal."""
    if refusal.busy:
        return patience.busy
    return patience.broken if refusal.broken else -1.0


def wait_for(patience: Patience, what: str, look: Callable[[], T], done: Callable[[T], bool]) -> T:
    """What `look` sees once it is `done`. Raises Busy when that takes longer than an operation may."""
    start = patience.clock()
    while not done(seen := look()):
        if patience.clock() - start > patience.operation:
            raise Busy(
                f"Still waiting to {what} after {patience.operation / 60:.0f} minutes.",
                hint="Check it in the Azure portal, and run the same command again once it no longer changes.",
            )
        patience.sleep(patience.poll)
    return seen
