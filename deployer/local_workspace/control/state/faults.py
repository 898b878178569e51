"""Injected faults: matched by method and path, counted, gone when the server stops."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class InvalidFault(Exception):
    """A description of a fault that makes no sense; the text says why."""


@dataclass(slots=True, kw_only=True)
class InjectedFault:
    """One fault. Several effects may be combined; they happen in the order of these fields."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    method: str = ".*"
    path: str = ".*"
    count: int | None = None
    """How many more requests it affects; None for all."""
    delay_ms: int = 0
    reset: bool = False
    """Reset the connection instead of answering."""
    status: int | None = None
    """Answer with this status, without looking at the request."""
    retry_after: int | None = None
    """Seconds, with `status`."""
    operation: str | None = None
    """What happens to the operation that the request starts: fail, hang or cancel."""
    code: str = ""
    message: str = "Injected by a fault of the local workspace."
    stale: bool = False
    """Answer reads with the state before the last write."""
    overlap: bool = False
    """Accept a PUT while another operation is under way on the resource: the last one wins, and both succeed."""
    metrics: str | None = None
    """What metrics answer: late (nothing of the last two minutes), missing (no values) or zero."""

    def as_json(self) -> dict[str, Any]:
        """As JSON."""
        return {name: getattr(self, name) for name in InjectedFault.__slots__}


_MEMBERS: Mapping[str, type] = {
    "method": str,
    "path": str,
    "count": int,
    "delay_ms": int,
    "reset": bool,
    "status": int,
    "retry_after": int,
    "operation": str,
    "code": str,
    "message": str,
    "stale": bool,
    "overlap": bool,
    "metrics": str,
}


class Faults:
    """The active faults, oldest first."""

    def __init__(self) -> None:
        self.active: list[InjectedFault] = []
        self._cleared = asyncio.Event()

    def add(self, asked: Mapping[str, Any]) -> InjectedFault:
        """Activate a fault. Raises InvalidFault where its description makes no sense."""
        for name, value in asked.items():
            kind = _MEMBERS.get(name)
            if kind is None:
                raise InvalidFault(f"a fault has no field '{name}'; it has: {', '.join(_MEMBERS)}")
            if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                raise InvalidFault(f"'{name}' must be of type {kind.__name__}")
        fault = InjectedFault(**asked)
        _check(fault)
        self.active.append(fault)
        return fault

    def take(self, method: str, path: str) -> list[InjectedFault]:
        """The faults that apply to this request, each counted down."""
        met = [fault for fault in self.active if _meets(fault, method, path)]
        for fault in met:
            if fault.count is not None:
                fault.count -= 1
        self.active = [fault for fault in self.active if fault.count is None or fault.count > 0]
        return met

    def clear(self) -> None:
        """Remove all faults, and let hanging operations continue."""
        self.active.clear()
        self._cleared.set()
        self._cleared = asyncio.Event()

    async def cleared(self) -> None:
        """Wait for the next `clear`."""
        await self._cleared.wait()


def _meets(fault: InjectedFault, method: str, path: str) -> bool:
    in_method = re.fullmatch(fault.method, method, re.IGNORECASE)
    return bool(in_method and re.search(fault.path, path, re.IGNORECASE))


def _check(fault: InjectedFault) -> None:
    for name in (fault.method, fault.path):
        try:
            re.compile(name)
        except re.error as error:
            raise InvalidFault(f"'{name}' is not a regular expression: {error}") from error
    if fault.status is not None and not 400 <= fault.status <= 599:
        raise InvalidFault(f"status {fault.status} is not between 400 and 599")
    if fault.operation not in (None, "fail", "hang", "cancel"):
        raise InvalidFault(f"operation '{fault.operation}' is not one of: fail, hang, cancel")
    if fault.metrics not in (None, "late", "missing", "zero"):
        raise InvalidFault(f"metrics '{fault.metrics}' is not one of: late, missing, zero")
    if (fault.count is not None and fault.count < 1) or fault.delay_ms < 0:
        raise InvalidFault("count must be at least 1, and delay_ms at least 0")
    effects = (fault.delay_ms, fault.reset, fault.status, fault.operation, fault.stale, fault.overlap, fault.metrics)
    if not any(effects):
        raise InvalidFault("a fault needs an effect: delay_ms, reset, status, operation, stale, overlap or metrics")
