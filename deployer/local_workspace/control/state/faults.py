"""Faults laid on purpose: matched by method and path, counted, gone when the server ends."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class InvalidFault(Exception):
    """A fault that cannot be laid; the text says why."""


@dataclass(slots=True, kw_only=True)
class InjectedFault:
    """One fault. Of the effects, several may be set; they happen in this order."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    method: str = ".*"
    path: str = ".*"
    count: int | None = None
    """How many requests it still meets; None is no end."""
    delay_ms: int = 0
    reset: bool = False
    """Cut the connection without an answer."""
    status: int | None = None
    """Answer with this status, without looking at the request."""
    retry_after: int | None = None
    """Seconds, with `status`."""
    operation: str | None = None
    """What becomes of the operation the request starts: fail, hang or cancel."""
    code: str = ""
    message: str = "Laid by a fault of the local workspace."
    stale: bool = False
    """Read what stood there before the last write."""

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
}


class Faults:
    """The faults laid, in the order they were."""

    def __init__(self) -> None:
        self.active: list[InjectedFault] = []
        self._cleared = asyncio.Event()

    def add(self, asked: Mapping[str, Any]) -> InjectedFault:
        """Lay a fault; InvalidFault where the description is none."""
        for name, value in asked.items():
            kind = _MEMBERS.get(name)
            if kind is None:
                raise InvalidFault(f"a fault has no member '{name}'; it has: {', '.join(_MEMBERS)}")
            if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                raise InvalidFault(f"'{name}' is not of type {kind.__name__}")
        fault = InjectedFault(**asked)
        _check(fault)
        self.active.append(fault)
        return fault

    def take(self, method: str, path: str) -> list[InjectedFault]:
        """The faults that meet this request, counted down."""
        met = [fault for fault in self.active if _meets(fault, method, path)]
        for fault in met:
            if fault.count is not None:
                fault.count -= 1
        self.active = [fault for fault in self.active if fault.count is None or fault.count > 0]
        return met

    def clear(self) -> None:
        """Take all faults away, and let hanging operations go on."""
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
            raise InvalidFault(f"'{name}' is no regular expression: {error}") from error
    if fault.status is not None and not 400 <= fault.status <= 599:
        raise InvalidFault(f"status {fault.status} is not between 400 and 599")
    if fault.operation not in (None, "fail", "hang", "cancel"):
        raise InvalidFault(f"operation '{fault.operation}' is none of fail, hang, cancel")
    if (fault.count is not None and fault.count < 1) or fault.delay_ms < 0:
        raise InvalidFault("count must be above 0, delay_ms not below")
    if not (fault.delay_ms or fault.reset or fault.status or fault.operation or fault.stale):
        raise InvalidFault("a fault needs an effect: delay_ms, reset, status, operation or stale")
