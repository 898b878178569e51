"""requests.jsonl: one line per request of the control plane, written before its answer goes out."""

from __future__ import annotations

import json
import logging
import os
import re
from pathlib import Path

_LOG = logging.getLogger("deployer.local_workspace")
_SIGNATURE = re.compile(r"\b(sig|s|h)=[^&]*")


class RequestLog:
    """Appends whole lines with one write each, so that a killed server leaves no half line."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.scored = 0
        """Scoring requests: counted, not logged."""

    def add(self, method: str, path: str, status: int | None, seconds: float) -> None:
        """One request: its path and query, signatures masked; `status` is None where the connection was reset."""
        line = {
            "method": method,
            "path": _SIGNATURE.sub(r"\1=*", path),
            "status": status,
            "ms": round(seconds * 1e3, 2),
        }
        try:
            os.write(self._file, json.dumps(line).encode() + b"\n")
        except OSError as error:
            _LOG.error("requests.jsonl: %s", error)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
