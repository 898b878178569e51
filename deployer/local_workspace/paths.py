"""Where the local workspace keeps its files, and the small ones it writes whole. Only the standard library."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLACE = "local"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


class Trouble(Exception):
    """Something the user has to know: one sentence with the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The folder of one local workspace, usually `<project>/.deployer/local`."""

    root: Path

    @property
    def connection(self) -> Path:
        """What a client reads: addresses, certificate, token file; there only while a server has started well."""
        return self.root / "connection.json"

    @property
    def ports(self) -> Path:
        """The two ports, picked once."""
        return self.root / "ports.json"

    @property
    def lock(self) -> Path:
        """Locked by the running server for as long as it lives, so that no pid has to be believed."""
        return self.root / "server.lock"

    @property
    def start_lock(self) -> Path:
        """Locked by whoever is starting the server."""
        return self.root / "start.lock"

    @property
    def log(self) -> Path:
        """What the server itself has to say."""
        return self.root / "server.log"

    @property
    def requests(self) -> Path:
        """One JSON line per request of the control plane."""
        return self.root / "requests.jsonl"

    @property
    def database(self) -> Path:
        """All state but files."""
        return self.root / "state.db"

    @property
    def blobs(self) -> Path:
        """Uploaded files: `<container>/<path>`."""
        return self.root / "blobs"

    @property
    def ca(self) -> Path:
        """The certificate a client has to trust."""
        return self.root / "ca.pem"

    @property
    def server_certificate(self) -> Path:
        """Certificate and key of the server."""
        return self.root / "server.pem"

    @property
    def token(self) -> Path:
        """The bearer token of the control plane."""
        return self.root / "token"

    @property
    def admin_key(self) -> Path:
        """The key of the admin routes (faults, quota)."""
        return self.root / "admin-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """`api` speaks https (control plane and scoring), `page` plain http."""

    api: int
    page: int


def write_private(path: Path, text: str) -> None:
    """Write a whole file at once, readable for its owner alone."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)


def secret_in(path: Path) -> str:
    """The secret kept in this file, made at the first call."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text()


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in this file; None where there is none or it is no JSON object."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def connection(home: Home, ports: Ports) -> dict[str, Any]:
    """What clients read from connection.json."""
    return {
        "version": 1,
        "pid": os.getpid(),
        "api": f"https://127.0.0.1:{ports.api}",
        "page": f"http://127.0.0.1:{ports.page}/",
        "ca_file": str(home.ca.resolve()),
        "token_file": str(home.token.resolve()),
        "workspace": {"subscription_id": SUBSCRIPTION, "resource_group": PLACE, "name": PLACE},
        "location": PLACE,
    }


@contextmanager
def one_sentence(what: str) -> Iterator[None]:
    """Turn what the operating system says into a sentence for the user."""
    try:
        yield
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        raise Trouble(f"cannot {what}: {error.strerror or error}{place}; make room or check the permissions") from error
