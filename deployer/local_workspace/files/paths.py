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
        """What a client reads: addresses, certificate, token file; it exists only while a server is running."""
        return self.root / "connection.json"

    @property
    def ports(self) -> Path:
        """The two port numbers, picked at the first start."""
        return self.root / "ports.json"

    @property
    def lock(self) -> Path:
        """Locked by the server as long as it runs: a pid could be stale, a lock cannot."""
        return self.root / "server.lock"

    @property
    def start_lock(self) -> Path:
        """Locked while a server is being started or stopped."""
        return self.root / "start.lock"

    @property
    def log(self) -> Path:
        """The log of the server itself."""
        return self.root / "server.log"

    @property
    def requests(self) -> Path:
        """One JSON line per request of the control plane."""
        return self.root / "requests.jsonl"

    @property
    def database(self) -> Path:
        """All state except uploaded files."""
        return self.root / "state.db"

    @property
    def blobs(self) -> Path:
        """Uploaded files: `<container>/<path>`."""
        return self.root / "blobs"

    @property
    def ca(self) -> Path:
        """The CA certificate that clients have to trust."""
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
    def environments(self) -> Path:
        """The virtualenvs that deployments run in."""
        return self.root / "environments"

    @property
    def page_key(self) -> Path:
        """The key in the address of the page."""
        return self.root / "page-key"

    @property
    def admin_key(self) -> Path:
        """The key of the admin routes (faults, quota)."""
        return self.root / "admin-key"
