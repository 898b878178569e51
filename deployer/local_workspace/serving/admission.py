"""How many requests a deployment handles at a time, and how long others wait."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field


class TooManyPending(Exception):
    """The deployment has as many requests as it can take, or this one has waited too long."""


@dataclass(slots=True)
class Gate:
    """The requests of one deployment: `running` ones and those that wait, first come, first served."""

    running: int = 0
    _waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    async def enter(self, at_once: int, longest_wait: float | None) -> None:
        """Wait until fewer than `at_once` requests run; as many again may wait, each for `longest_wait` seconds.

        None: as long as it takes. Raises TooManyPending. Each successful call needs one `leave`.
        https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints: at most
        2 * max_concurrent_requests_per_instance * instance_count requests are taken, the rest is answered 429.
        """
        if self.running < at_once:
            self.running += 1
            return
        if self.running + len(self._waiting) >= 2 * at_once:
            raise TooManyPending
        await self._turn(longest_wait)

    async def _turn(self, longest_wait: float | None) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(longest_wait):
                await turn
        except TimeoutError as error:
            self._give_up(turn)
            raise TooManyPending from error
        except asyncio.CancelledError:
            self._give_up(turn)
            raise

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        if turn.cancelled():
            with suppress(ValueError):  # a leave may have passed it over already
                self._waiting.remove(turn)
        else:
            self.leave()  # the turn came in the very moment of giving up: pass it on

    def leave(self) -> None:
        """End of a request: the place goes to the one that waits longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.running -= 1
