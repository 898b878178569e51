"""A request as the handlers see it, and their reply."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from deployer.local_workspace.identity import PLACE, SUBSCRIPTION

PROVIDER = "Microsoft.MachineLearningServices"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{PLACE}"
WORKSPACE = f"{GROUP}/providers/{PROVIDER}/workspaces/{PLACE}"
LOCATION = f"/subscriptions/{SUBSCRIPTION}/providers/{PROVIDER}/locations/{PLACE}"

_ALWAYS = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Request-Context": "appId=cid-v1:2d2e8e63-272e-4b3c-8598-4ee570a0e70d",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "x-ms-response-type": "standard",
    "azureml-served-by-cluster": "local",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request of the control plane. `names` are the variable parts of the path, in the caller's letter case."""

    method: str
    path: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    body: dict[str, Any] | None
    stale: bool = False
    overlap: bool = False
    """Whether a PUT is accepted while another operation is under way on the resource."""
    metrics_fault: str | None = None
    """What is wrong with the metrics that this call reads."""
    operation_fault: Mapping[str, str] | None = None
    """The fault injected into the operation that this call starts: `kind` (fail, hang, cancel), `code`, `message`."""

    @property
    def version(self) -> str:
        """The api-version asked for."""
        return self.query["api-version"]

    def key(self, *parts: str) -> str:
        """The store key made of these path names, lower case."""
        return "/".join(self.names[part].lower() for part in parts)

    @property
    def content(self) -> dict[str, Any]:
        """The body, empty where there was none."""
        return self.body or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; `body` None sends no body, `NULL` sends the JSON null."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


NULL = object()
"""A body of the four bytes `null`, as Azure answers an accepted DELETE."""


def encoded(reply: Reply) -> tuple[bytes, dict[str, str]]:
    """The bytes and the headers of an answer of the control plane."""
    correlation = str(uuid.uuid4())
    headers = _ALWAYS | {
        "Date": formatdate(usegmt=True),
        "x-ms-correlation-request-id": correlation,
        "x-ms-request-id": correlation,
        "x-ms-routing-request-id": f"{PLACE.upper()}:{datetime.now(UTC):%Y%m%dT%H%M%SZ}:{correlation}",
    }
    headers.update(reply.headers)
    if reply.body is None:
        return b"", headers
    headers["Content-Type"] = "application/json; charset=utf-8"
    return json.dumps(None if reply.body is NULL else reply.body).encode(), headers
