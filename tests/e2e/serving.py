"""What the tests of the data plane share: workloads of tiny scoring scripts, and a front door on a real port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import urllib3
import uvicorn
from starlette.types import ASGIApp

from deployer.local_workspace.ports import Probe, Route, Workload
from deployer.local_workspace.serving.front_door import FrontDoor
from deployer.local_workspace.serving.runtime import Runtime

CONDA = "dependencies:\n- pip:\n  - azureml-inference-server-http\n"
PROBE = Probe(initial_delay=10, period=10, timeout=2, success_threshold=1, failure_threshold=30)
KEY = "a key that opens the endpoint"
FOREVER = "time.sleep(3600)"
Result = TypeVar("Result")


def run(body: Coroutine[None, None, Result]) -> Result:
    """Run a test to its end; it fails, instead of waiting on, where a condition never comes true."""
    return asyncio.run(asyncio.wait_for(body, 300))


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it is so."""
    while not condition():
        await asyncio.sleep(0.02)


def blocking(gate: Path) -> str:
    """The body of a scoring script that answers once the file `gate` is there."""
    return f"while not os.path.exists({str(gate)!r}): time.sleep(0.01)\n    return 'done'"


def script(body: str, *, init: str = "pass") -> str:
    """A scoring script whose init() and run(data) are these lines."""
    return f"import os, time\ndef init():\n    {init}\ndef run(data):\n    {body}\n"


def workload(folder: Path, deployment: str = "blue", body: str = "return 'blue'", init: str = "pass") -> Workload:
    """A deployment of the endpoint `e`, its code in a folder of its own under `folder`."""
    code = folder / f"code-{deployment}-{len(list(folder.glob('code-*')))}"
    code.mkdir(parents=True)
    (code / "score.py").write_text(script(body, init=init))
    return Workload(
        endpoint="e",
        deployment=deployment,
        code_dir=code,
        scoring_script="score.py",
        model_dir=None,
        is_mlflow_model=False,
        image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
        conda_file=CONDA,
        environment_variables={},
        instance_count=1,
        max_concurrent_requests_per_instance=1,
        request_timeout_ms=60_000,
        max_queue_wait_ms=60_000,
        liveness_probe=PROBE,
        readiness_probe=PROBE,
    )


@dataclass
class Workspace:
    """Stands where the control plane stands: one endpoint `e` and its deployments. Implements ports.Routes."""

    runtime: Runtime
    traffic: Mapping[str, int] = field(default_factory=dict)
    mirror: Mapping[str, int] = field(default_factory=dict)
    deployments: dict[str, Workload] = field(default_factory=dict)

    async def put(self, new: Workload) -> None:
        await self.runtime.put(new)
        self.deployments[new.deployment] = new

    def route(self, endpoint: str) -> Route | None:
        if endpoint.lower() != "e":
            return None
        return Route(
            endpoint="e",
            auth_mode="Key",
            traffic=self.traffic,
            mirror_traffic=self.mirror,
            deployments=self.deployments,
        )

    def authorises(self, endpoint: str, bearer: str) -> bool:
        return endpoint == "e" and bearer == KEY


@dataclass(frozen=True)
class Client:
    """Calls a front door over HTTP."""

    url: str
    own: Mapping[str, str] = field(default_factory=dict)
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(maxsize=32, retries=False))

    async def score(
        self,
        body: bytes = b"{}",
        *,
        key: str = KEY,
        path: str = "/inference/e/score",
        method: str = "POST",
        **headers: str,
    ) -> urllib3.BaseHTTPResponse:
        """Header names with underscores for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await asyncio.to_thread(
            self.pool.request,
            method,
            self.url + path,
            body=None if method == "GET" else body,
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json", **self.own, **named},
            redirect=False,
        )


@asynccontextmanager
async def listening(door: ASGIApp) -> AsyncIterator[Client]:
    """An application on a free port, as uvicorn serves it."""
    # asyncio switches Nagle's algorithm off (40 ms an answer) only where the listener names its protocol.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(256)
    config = uvicorn.Config(
        door, lifespan="off", log_level="warning", access_log=False, server_header=False, date_header=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield Client(f"http://127.0.0.1:{listener.getsockname()[1]}")
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def workspace(root: Path) -> AsyncIterator[tuple[Workspace, FrontDoor, Client]]:
    """A data plane that is closed at the end, its front door, and a client of it."""
    runtime = Runtime(root)
    try:
        stand = Workspace(runtime)
        door = FrontDoor(stand, runtime)
        async with listening(door) as client:
            yield stand, door, client
    finally:
        await runtime.close()


def changed(old: Workload, **fields: object) -> Workload:
    """The workload with other fields."""
    return replace(old, **fields)  # type: ignore[arg-type]
