"""Keeps one inference server alive: starts, probes, restarts it when it fails, and drains it before it stops."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deployer.local_workspace.ports import Probe, WorkloadFailed
from deployer.local_workspace.serving.process_groups import Command, ProcessGroup, trim

START_PERIOD = 0.05
"""Seconds between two looks at a server that starts."""
STOP_GRACE = 3.0
"""Seconds a container that works gets to end."""
HANGING_GRACE = 1.0
LAST_LINES = 3
"""How much of a log without an exception is told when a server ends before it is ready."""
LONGEST_LOG = 16 * 1024 * 1024
KEPT_LOG = 1024 * 1024

_EXCEPTION = re.compile(r"^.*Traceback .*\n(?:  .*\n)+(\S.*)$", re.MULTILINE)
FIRST_BACKOFF = 0.5
LONGEST_BACKOFF = 30.0
STABLE_AFTER = 60.0
"""Seconds after which a server that crashes is restarted at once again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What to run and where it listens."""

    command: Command
    socket: Path
    health_path: str
    score_path: str
    log: Path
    pid_file: Path
    liveness: Probe
    readiness: Probe
    startup: Probe | None = None


class Replica:
    """A running container. `ready` is set while it takes requests."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.ready = asyncio.Event()
        self._pending = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._group: ProcessGroup | None = None
        self._keeper: asyncio.Task[None] | None = None

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Held while a request is on its way: the replica is not stopped before."""
        self._pending += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._pending -= 1
            if not self._pending:
                self._idle.set()

    async def start(self) -> None:
        """Return once it is ready. Raises WorkloadFailed when it ends, or a probe gives up, before that."""
        self._group = await self._launch()
        try:
            await self._first_ready(self._group)
        except BaseException:
            await self._group.stop(0)
            raise
        self.ready.set()
        self._keeper = asyncio.create_task(self._keep(self._group))

    async def stop(self, drain: float) -> None:
        """Let the requests on their way finish, for at most `drain` seconds, then end it."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), drain)
        self.ready.clear()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        if self._group is not None:
            await self._group.stop(STOP_GRACE)
        self.container.socket.unlink(missing_ok=True)

    def processor_seconds(self) -> float:
        """The processor time of the processes that run now."""
        return self._group.processor_seconds() if self._group else 0.0

    async def _launch(self) -> ProcessGroup:
        self.container.socket.unlink(missing_ok=True)
        return await ProcessGroup.start(
            self.container.command, log=self.container.log, pid_file=self.container.pid_file
        )

    async def _first_ready(self, group: ProcessGroup) -> None:
        if self.container.startup is not None:
            await self._first_success("Startup", self.container.startup, group)
        await self._first_success("Readiness", self.container.readiness, group)

    async def _first_success(self, name: str, probe: Probe, group: ProcessGroup) -> None:
        ended = asyncio.create_task(group.wait())
        healthy = asyncio.create_task(self._until_healthy(probe))
        try:
            await asyncio.wait({ended, healthy}, timeout=_allowed(probe), return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                reason = f"the inference server exited with code {ended.result()}"
            elif healthy.done():
                return
            else:
                reason = f"{name} probe failed: no healthy answer within {_allowed(probe):g} s"
            raise _crashed(reason, self.container.log)
        finally:
            ended.cancel()
            healthy.cancel()

    async def _until_healthy(self, probe: Probe) -> None:
        """Unlike Azure it looks at once and often: `initial_delay` and `period` only bound the whole."""
        successes = 0
        while successes < probe.success_threshold:
            healthy = await self._healthy(probe.timeout)
            successes = successes + 1 if healthy else 0
            if not healthy:
                await asyncio.sleep(min(START_PERIOD, probe.period))

    async def _keep(self, group: ProcessGroup) -> None:
        """Restart the container whenever it ends, or its startup or liveness probe gives up."""
        backoff = 0.0
        while True:
            started = time.monotonic()
            reason = await self._until_down(group)
            self.ready.clear()
            await group.stop(HANGING_GRACE)
            if time.monotonic() - started > STABLE_AFTER:
                backoff = 0.0
            self._note(f"{reason}; restarting in {backoff:g} s")
            await asyncio.sleep(backoff)
            backoff = min(LONGEST_BACKOFF, backoff * 2 or FIRST_BACKOFF)
            group = self._group = await self._relaunch()

    async def _relaunch(self) -> ProcessGroup:
        while True:
            try:
                return await self._launch()
            except OSError as error:  # no process, no memory, no space: it may pass
                self._note(f"The container cannot be started: {error}; trying again in {LONGEST_BACKOFF:g} s")
                await asyncio.sleep(LONGEST_BACKOFF)

    async def _until_down(self, group: ProcessGroup) -> str:
        """Probe until the container has to be restarted, and say why."""
        ended = asyncio.create_task(group.wait())
        live = asyncio.create_task(self._until_not_live())
        readiness = asyncio.create_task(self._follow_readiness())
        try:
            await asyncio.wait({ended, live}, return_when=asyncio.FIRST_COMPLETED)
            return f"The container exited with code {ended.result()}" if ended.done() else live.result()
        finally:
            for task in (ended, live, readiness):
                task.cancel()

    async def _until_not_live(self) -> str:
        probe, startup = self.container.liveness, self.container.startup
        if startup is not None and not self.ready.is_set():
            try:
                await asyncio.wait_for(self._until_healthy(startup), _allowed(startup))
            except TimeoutError:
                return "Startup probe failed"
        await self.ready.wait()
        await asyncio.sleep(probe.initial_delay)
        async for healthy, times in self._probes(probe):
            trim(self.container.log, LONGEST_LOG, KEPT_LOG)
            if not healthy and times >= probe.failure_threshold:
                return f"Liveness probe failed {times} times"
        raise AssertionError("probing never ends by itself")

    async def _follow_readiness(self) -> None:
        probe = self.container.readiness
        if not self.ready.is_set():
            if self.container.startup is not None:
                await self._until_healthy(self.container.startup)
            await self._until_healthy(probe)
            self.ready.set()
        async for healthy, times in self._probes(probe):
            if healthy and times >= probe.success_threshold:
                self.ready.set()
            elif not healthy and times >= probe.failure_threshold:
                self.ready.clear()

    async def _probes(self, probe: Probe) -> AsyncIterator[tuple[bool, int]]:
        """After every look: whether the container was healthy, and for how many looks in a row that is so."""
        last, times = True, 0
        while True:
            await asyncio.sleep(probe.period)
            healthy = await self._healthy(probe.timeout)
            times = times + 1 if healthy == last else 1
            last = healthy
            yield healthy, times

    async def _healthy(self, timeout: float) -> bool:
        try:
            async with asyncio.timeout(timeout):
                return await _answers_200(self.container.socket, self.container.health_path)
        except (TimeoutError, OSError):
            return False

    def _note(self, sentence: str) -> None:
        with suppress(OSError), self.container.log.open("a") as log:
            print(sentence, file=log)


def _allowed(probe: Probe) -> float:
    """Seconds until a probe that never succeeds gives up."""
    return probe.initial_delay + probe.period * probe.failure_threshold


async def _answers_200(socket: Path, path: str) -> bool:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        status_line = await reader.readline()
        return status_line.split(b" ")[1:2] == [b"200"]
    finally:
        writer.close()


def _crashed(reason: str, log: Path) -> WorkloadFailed:
    """In Azure's words, with the exception of the scoring script where the log shows one, else with its last lines."""
    text = log.read_text(errors="replace")
    causes = [line for line in _EXCEPTION.findall(text) if not line.startswith("azureml_inference_server_http.")]
    lines = causes[-1:] or [line.strip() for line in text.splitlines() if line.strip()][-LAST_LINES:]
    cause = f": {' / '.join(lines)}" if lines else ""
    return WorkloadFailed(None, f"ResourceNotReady: User container has crashed or terminated: {reason}{cause}")
