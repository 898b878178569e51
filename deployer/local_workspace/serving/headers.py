"""The headers that the front door forwards or sets, and its own answers in place of a deployment's."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterable

Header = tuple[bytes, bytes]

DEPLOYMENT = b"azureml-model-deployment"
SERVER: Header = (b"server", b"azureml-frontdoor")
LONGEST_CLIENT_ID = 40

_HOP_BY_HOP = {
    *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection"),
    *(b"te", b"trailer", b"upgrade"),
}
_NOT_TO_CONTAINER = _HOP_BY_HOP | {b"authorization", b"expect", b"host", b"x-request-id", b"x-ms-client-request-id"}
_NOT_TO_CLIENT = _HOP_BY_HOP | {b"server", b"transfer-encoding", b"x-request-id"}


class FrontDoorRefused(Exception):
    """The front door answers instead of a deployment: a status, a text body, and headers that tell why."""

    def __init__(self, status: int, text: str, *headers: Header) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers


def model_error(original: int, reason: str) -> tuple[Header, Header]:
    """The headers of a 424: https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints."""
    return (
        (b"ms-azureml-model-error-statuscode", str(original).encode()),
        (b"ms-azureml-model-error-reason", reason.encode()),
    )


def new_request_id() -> bytes:
    """A random id. It is not a secret, so it need not cost a system call."""
    return str(uuid.UUID(int=random.getrandbits(128), version=4)).encode()


def to_container(headers: Iterable[Header], request_id: bytes) -> list[Header]:
    """The request as the inference server sees it: no credential, the front door's own request id, a tidy client id."""
    kept: list[Header] = [(b"host", b"localhost"), (b"x-request-id", request_id)]
    for name, value in headers:
        if name == b"x-ms-client-request-id":
            kept.append((name, re.sub(rb"[^A-Za-z0-9_-]", b"", value)[:LONGEST_CLIENT_ID]))
        elif name not in _NOT_TO_CONTAINER:
            kept.append((name, value))
    return kept


def to_client(headers: Iterable[Header], deployment: str, request_id: bytes) -> list[Header]:
    """The answer as the caller sees it. CORS is not offered, whatever the container says."""
    kept = [
        (name, value)
        for name, value in headers
        if name not in _NOT_TO_CLIENT and not name.startswith(b"access-control-")
    ]
    return [*kept, *of_deployment(deployment), (b"x-request-id", request_id), SERVER]


def of_deployment(deployment: str) -> tuple[Header, Header]:
    return (DEPLOYMENT, deployment.encode()), (b"azureml-model-session", deployment.encode())
