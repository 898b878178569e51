"""Work that continues after its request was answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

_LOG = logging.getLogger("deployer.local_workspace")


class Tasks:
    """The background tasks of one server, at most one for each key."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[None]] = {}

    def start(self, key: str, work: Coroutine[None, None, None]) -> None:
        """Run `work` to its end, in place of what ran under this key; what it raises is logged."""
        before = self._running.get(key)
        task = asyncio.ensure_future(self._after(before, work))
        self._running[key] = task
        task.add_done_callback(lambda ended: self._ended(key, ended))

    async def _after(self, before: asyncio.Task[None] | None, work: Coroutine[None, None, None]) -> None:
        if before is not None:
            before.cancel()
            await asyncio.gather(before, return_exceptions=True)
        await work

    async def stop(self, key: str) -> None:
        """Cancel what runs under this key and wait until it is over."""
        task = self._running.get(key)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _ended(self, key: str, task: asyncio.Task[None]) -> None:
        if self._running.get(key) is task:
            del self._running[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("a background task failed", exc_info=error)

    async def close(self) -> None:
        """Cancel what is still running and wait for it."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
