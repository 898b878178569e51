"""The server with a data plane that answers what the variables of a deployment say, without any process.

ANSWER is what it answers, FAILS the share of customers' requests that it fails, MS how long it says that they took.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from deployer.local_workspace.commands.foreground import run
from deployer.local_workspace.files.paths import Home
from deployer.local_workspace.ports import Routes
from deployer.local_workspace.server import DataPlane
from deployer.local_workspace.serving.ledger import Ledger
from tests.contract.fake_plane import FakeServing

LEDGER = Ledger()


class AnsweringFrontDoor:
    """Routes by the header of the request, else by the traffic."""

    def __init__(self, routes: Routes, serving: Any) -> None:
        self._routes = routes

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """One scoring request."""
        route = self._routes.route(scope["path"].split("/")[2])
        named = dict(scope["headers"]).get(b"azureml-model-deployment", b"").decode().lower()
        shares = route.traffic if route else {}
        name = named or (random.choices(list(shares), list(shares.values()))[0] if shares else "")
        found = route.deployments.get(name) if route else None
        says = found.environment_variables if found else {}
        status, answer = (200, says["ANSWER"]) if found else (404, "")
        if found and not named and random.random() < float(says.get("FAILS", "0")):
            status = 424
        if found:
            LEDGER.count(found.endpoint, name, status, float(says.get("MS", "5")) * random.uniform(0.9, 1.1))
        headers = [(b"content-type", b"application/json"), (b"azureml-model-deployment", name.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.encode()})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path, required=True)
    plane = DataPlane(serving=FakeServing, front_door=AnsweringFrontDoor, meters=LEDGER)
    sys.exit(run(Home(root=parser.parse_args().root), realistic=0.0, new_ports=False, plane=plane))
