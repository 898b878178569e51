"""connection.json: what a client needs to know of a running server."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from deployer.local_workspace.files.paths import Home
from deployer.local_workspace.files.private_files import secret_in
from deployer.local_workspace.identity import PLACE, SUBSCRIPTION


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpPorts:
    """`api` speaks https (control plane and scoring), `page` plain http."""

    api: int
    page: int


def connection(home: Home, ports: TcpPorts) -> dict[str, Any]:
    """The content of connection.json."""
    return {
        "version": 1,
        "pid": os.getpid(),
        "api": f"https://127.0.0.1:{ports.api}",
        "page": f"http://127.0.0.1:{ports.page}/?key={secret_in(home.page_key)}",
        "ca_file": str(home.ca.resolve()),
        "token_file": str(home.token.resolve()),
        "workspace": {"subscription_id": SUBSCRIPTION, "resource_group": PLACE, "name": PLACE},
        "location": PLACE,
    }
