"""Where the local workspace keeps its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
