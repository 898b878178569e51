"""Waiting for operations to end, for resources to settle, and for a busy service to accept a write. Always bounded."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from deployer.azureml.refusal import Refusal
from deployer.core.errors import Busy

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, in seconds. `poll` is the time between two reads of a changing resource.

    `operation` limits one operation (a first deployment takes ten minutes, its image up to an hour), `busy` the retries
    while another operation blocks a resource, `broken` those without a response or with 5xx, after the SDK's own.
    """

    operation: float = 7200.0
    busy: float = 1800.0
    broken: float = 120.0
    poll: float = 5.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class AzureRefused(Exception):
    """A refused call of the SDK, before it becomes a WorkspaceError."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def time_for(refusal: Refusal, patience: Patience) -> float:
    """How long to retry after such a refusal, in seconds; `-inf` for not at all."""
    if refusal.busy:
        return patience.busy
    return patience.broken if refusal.broken else -math.inf


def wait_for(patience: Patience, what: str, look: Callable[[], T], done: Callable[[T], bool]) -> T:
    """The result of `look` once it is `done`. Raises Busy after the time limit of an operation."""
    start = patience.clock()
    while not done(seen := look()):
        if patience.clock() - start > patience.operation:
            raise Busy(
                f"Still waiting to {what} after {patience.operation / 60:.0f} minutes.",
                hint="Check it in the Azure portal, and run the same command again once it no longer changes.",
            )
        patience.sleep(patience.poll)
    return seen
