"""The server with a data plane that only notes what it was asked: for tests of the control plane.

Run as a program it takes the arguments of `serve`. A scoring script named `crash.py` fails to come up, one named
`held.py` does not while there is a file `hold` in the folder of the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from deployer.local_workspace.commands.foreground import run
from deployer.local_workspace.files.paths import Home
from deployer.local_workspace.ports import Container, Routes, Workload, WorkloadFailed
from deployer.local_workspace.server import DataPlane
from deployer.local_workspace.serving.ledger import Ledger


class FakeServing:
    """`ports.Serving` without processes."""

    def __init__(self, root: Path) -> None:
        self._hold, self._busy = root / "hold", root / "busy"
        self._up: dict[tuple[str, str], Workload] = {}

    async def put(self, workload: Workload) -> None:
        """Serve, unless the script says otherwise."""
        while workload.scoring_script == "held.py" and self._hold.exists():
            await asyncio.sleep(0.01)
        if workload.scoring_script == "crash.py":
            raise WorkloadFailed(None, "ResourceNotReady: User container has crashed or terminated.")
        self._up[workload.endpoint, workload.deployment] = workload

    async def delete(self, endpoint: str, deployment: str) -> None:
        """Stop serving."""
        self._up.pop((endpoint, deployment), None)

    def logs(self, endpoint: str, deployment: str, container: Container, tail: int) -> str:
        """Lines that say which container they are of, and what the workload is."""
        workload = self._up.get((endpoint, deployment))
        lines = [f"{container} of {endpoint}/{deployment}", *(f"line {number}" for number in range(200))]
        return "\n".join([*lines, f"workload {workload}"][-tail:])

    def processor_seconds(self, endpoint: str, deployment: str) -> float:
        """All of one processor while there is a file `busy` in the folder of the server."""
        return time.monotonic() if self._busy.exists() else 0.0

    async def close(self) -> None:
        """Nothing was started."""


LEDGER = Ledger()


class FakeFrontDoor:
    """Answers with the route and whether the bearer opens it; counts what `answered` and `after-ms` say."""

    def __init__(self, routes: Routes, serving: Any) -> None:
        self._routes = routes

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """One scoring request."""
        endpoint, headers = scope["path"].split("/")[2], dict(scope["headers"])
        route = self._routes.route(endpoint)
        bearer = headers.get(b"authorization", b"").decode().removeprefix("Bearer ")
        if deployment := headers.get(b"azureml-model-deployment", b"").decode():
            answered = int(headers.get(b"answered", b"200")), float(headers.get(b"after-ms", b"1"))
            LEDGER.count(endpoint, deployment, *answered)
        known = {"traffic": dict(route.traffic), "deployments": sorted(route.deployments)} if route else None
        content = json.dumps({"route": known, "opens": self._routes.authorises(endpoint, bearer)}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": content})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--realistic", type=float, default=0.0)
    parser.add_argument("--new-ports", action="store_true")
    parser.add_argument("--ready-fd", type=int)
    options = parser.parse_args()
    fake = DataPlane(serving=FakeServing, front_door=FakeFrontDoor, meters=LEDGER)
    home = Home(root=options.root)
    sys.exit(run(home, realistic=options.realistic, new_ports=options.new_ports, ready_fd=options.ready_fd, plane=fake))
