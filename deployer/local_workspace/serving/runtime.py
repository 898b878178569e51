"""Serves deployments: each by one inference server, replaced without losing a request."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from deployer.local_workspace import ports
from deployer.local_workspace.ports import Workload, WorkloadFailed
from deployer.local_workspace.serving.container import added_packages, conda_file, container
from deployer.local_workspace.serving.process_groups import end_leftovers
from deployer.local_workspace.serving.replica import Replica
from deployer.local_workspace.serving.virtualenvs import Environment, Environments

LOG_FILES: dict[ports.Container, str] = {
    "StorageInitializer": "storage-initializer.log",
    "InferenceServer": "inference-server.log",
}


SOCKETS = "deployer-"


@dataclass(slots=True, kw_only=True)
class Deployment:
    """The state of one deployment."""

    replica: Replica | None = None
    drain: float = 0.0
    """Seconds the requests of `replica` may take."""
    starting: asyncio.Task[Replica] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Runtime:
    """The data plane: one inference server per deployment. Implements ports.Serving."""

    def __init__(self, root: Path) -> None:
        """Kill what an earlier run left under `root`, and serve nothing yet. `root` belongs to one server at a time."""
        self._folders = root / "deployments"
        self._pids = root / "run"
        self._pids.mkdir(parents=True, exist_ok=True)
        end_leftovers(self._pids)
        self._environments = Environments(root / "environments")
        self._sockets = _socket_folder(self._pids / "sockets")
        self._numbers = itertools.count(1)
        self._deployments: dict[tuple[str, str], Deployment] = {}
        self._retiring: set[asyncio.Task[None]] = set()

    def replica(self, endpoint: str, deployment: str) -> Replica | None:
        """The inference server that serves a deployment now."""
        found = self._deployments.get((endpoint, deployment))
        return found.replica if found else None

    async def put(self, workload: Workload) -> None:
        """See ports.Serving. A delete in the meantime makes it fail with OperationCanceled."""
        key = workload.endpoint, workload.deployment
        deployment = self._deployments.setdefault(key, Deployment())
        async with deployment.lock:
            if self._deployments.get(key) is not deployment:
                raise _deleted()
            replica = await self._started(deployment, workload)
            before, drain = deployment.replica, deployment.drain
            deployment.replica, deployment.drain = replica, workload.request_timeout_ms / 1000 + 1
        if before is not None:
            retiring = asyncio.create_task(before.stop(drain))
            self._retiring.add(retiring)
            retiring.add_done_callback(self._retiring.discard)
            await asyncio.shield(retiring)

    async def delete(self, endpoint: str, deployment: str) -> None:
        """See ports.Serving."""
        found = self._deployments.pop((endpoint, deployment), None)
        if found is not None:
            await self._end(found)
        shutil.rmtree(self._folder(endpoint, deployment), ignore_errors=True)

    def logs(self, endpoint: str, deployment: str, container: ports.Container, tail: int) -> str:
        """See ports.Serving; empty where nothing was logged."""
        try:
            with (self._folder(endpoint, deployment) / LOG_FILES[container]).open(errors="replace") as lines:
                return "".join(deque(lines, maxlen=max(tail, 0)))
        except FileNotFoundError:
            return ""

    def processor_seconds(self, endpoint: str, deployment: str) -> float:
        """See ports.Serving."""
        replica = self.replica(endpoint, deployment)
        return replica.processor_seconds() if replica else 0.0

    async def close(self) -> None:
        """See ports.Serving."""
        deployments = list(self._deployments.values())
        self._deployments.clear()
        await asyncio.gather(*(self._end(deployment) for deployment in deployments), *self._retiring)
        shutil.rmtree(self._sockets, ignore_errors=True)
        (self._pids / "sockets").unlink(missing_ok=True)

    async def _end(self, deployment: Deployment) -> None:
        if deployment.starting is not None:
            deployment.starting.cancel()
        async with deployment.lock:
            if deployment.replica is not None:
                await deployment.replica.stop(deployment.drain)

    async def _started(self, deployment: Deployment, workload: Workload) -> Replica:
        """Start a replica in a task that a delete can cancel."""
        starting = deployment.starting = asyncio.create_task(self._start(workload))
        try:
            return await asyncio.shield(starting)
        except OSError as error:
            raise WorkloadFailed("InternalServerError", f"The deployment cannot be started: {error}") from error
        except asyncio.CancelledError:
            if starting.cancelled():
                raise _deleted() from None
            starting.cancel()  # who asked has gone away
            await asyncio.wait([starting])
            raise
        finally:
            deployment.starting = None

    async def _start(self, workload: Workload) -> Replica:
        folder = self._folder(workload.endpoint, workload.deployment)
        home = folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        environment = await self._environment(workload, folder / LOG_FILES["StorageInitializer"])
        log = folder / LOG_FILES["InferenceServer"]
        if log.exists():
            log.rename(log.with_suffix(".previous"))  # where the replica that serves still writes
        number = next(self._numbers)
        replica = Replica(
            container(
                workload,
                environment,
                home=home,
                socket=self._sockets / f"{number}.sock",
                log=log,
                pid_file=self._pids / f"{number}.pid",
            )
        )
        await replica.start()
        return replica

    async def _environment(self, workload: Workload, log: Path) -> Environment:
        log.unlink(missing_ok=True)
        try:
            given = workload.image, conda_file(workload), added_packages(workload)
            environment = await asyncio.to_thread(self._environments.describe, *given)
        except WorkloadFailed as failure:
            log.write_text(f"{failure.message}\n")
            raise
        log.symlink_to(environment.log.absolute())
        await self._environments.build(environment)
        return environment

    def _folder(self, endpoint: str, deployment: str) -> Path:
        return self._folders / endpoint / deployment


def _deleted() -> WorkloadFailed:
    return WorkloadFailed("OperationCanceled", "The deployment was deleted while it was being created.")


def _socket_folder(note: Path) -> Path:
    """A new private folder with a short name: socket paths end at about 100 characters, and `note` may be anywhere.

    Its name is kept in `note`, so that the next start removes what a killed server left.
    """
    if note.exists():
        left = Path(note.read_text())
        if left.parent == Path(tempfile.gettempdir()) and left.name.startswith(SOCKETS):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=SOCKETS))
    note.write_text(str(folder))
    return folder
