"""Scoring: one POST to the scoring URI, with the endpoint's key or token.

Does not use the SDK's invoke, which keeps headers, including Authorization, in a global for the next call.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urljoin

import urllib3

from deployer.azureml.access import Reader
from deployer.azureml.arm import Arm, pool_for, silence
from deployer.azureml.causes import error_of
from deployer.azureml.client import SCORING_SCOPE, WorkspaceAccess
from deployer.azureml.kinds import endpoint as endpoints
from deployer.azureml.kinds.rows import wire_value
from deployer.azureml.refusal import Refusal
from deployer.azureml.sdk import Sdk
from deployer.core.errors import NotFound, WorkspaceError
from deployer.core.intent import DEPLOYMENT_HEADER
from deployer.core.workspace import Answer, KeyName

_ONE_MORE_CONNECTION = urllib3.Retry(connect=1, redirect=0, other=0)
"""A POST that was sent is never sent again by urllib3: only idempotent methods are, after errors or by status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Access to an endpoint: its scoring URI, where it describes itself, a bearer token, and until when to use it.

    `until` is in time.monotonic().
    """

    uri: str
    described_at: str
    bearer: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request to an endpoint, or to one `deployment` of it."""

    method: str
    body: bytes | None = None
    deployment: str
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float


class Scorer:
    """Sends requests to the endpoints of one workspace over persistent connections. Thread-safe."""

    def __init__(self, access: WorkspaceAccess, reader: Reader) -> None:
        self._access = access
        self._reader = reader
        self._doors: dict[str, Door] = {}
        self._lock = threading.Lock()
        self._pool = pool_for(access, "inference.ml.azure.com", retries=_ONE_MORE_CONNECTION)

    def score(
        self, endpoint: str, body: bytes, *, deployment: str, headers: Mapping[str, str] = {}, timeout: float
    ) -> Answer:
        """POST a body; after a 401, once more with a new key or token, because it may have been regenerated."""
        asked = Asked(method="POST", body=body, deployment=deployment, headers=headers, timeout=timeout)
        return self._ask(endpoint, lambda door: self._answer(door, door.uri, asked))

    def openapi(self, endpoint: str, *, deployment: str) -> Answer:
        """GET what a deployment says that it takes, in the same way."""
        asked = Asked(method="GET", deployment=deployment, timeout=60.0)
        return self._ask(endpoint, lambda door: self._answer(door, door.described_at, asked))

    def _ask(self, endpoint: str, ask: Callable[[Door], Answer]) -> Answer:
        answer = ask(self._door(endpoint))
        if answer.status != 401:
            return answer
        with self._lock:
            self._doors.pop(endpoint.lower(), None)
        return ask(self._door(endpoint))

    def bearer(self, endpoint: str) -> str:
        """The primary key of an endpoint, or a token for it, by its authentication mode."""
        return self._door(endpoint).bearer

    def _answer(self, door: Door, uri: str, asked: Asked) -> Answer:
        headers = {"Content-Type": "application/json", **asked.headers, "Authorization": f"Bearer {door.bearer}"}
        if asked.deployment:
            headers[DEPLOYMENT_HEADER] = asked.deployment
        start = time.perf_counter()
        try:
            reply = self._send(uri, asked, headers)
        except urllib3.exceptions.HTTPError as error:
            raise error_of(Refusal(status=0, message=silence(uri, error)), "score") from error
        milliseconds = (time.perf_counter() - start) * 1000
        answered = {name.lower(): value for name, value in reply.headers.items()}
        return Answer(
            status=reply.status,
            body=reply.data,
            milliseconds=milliseconds,
            deployment=answered.get(DEPLOYMENT_HEADER, ""),
            headers=answered,
        )

    def _send(self, uri: str, asked: Asked, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        """Send one request; once more if the connection was closed, as servers do with idle ones."""
        ask = partial(self._pool.request, asked.method, uri, body=asked.body, headers=headers, timeout=asked.timeout)
        try:
            return ask()
        except urllib3.exceptions.ProtocolError:
            return ask()

    def _door(self, endpoint: str) -> Door:
        with self._lock:
            door = self._doors.get(endpoint.lower())
            if door is None or door.until < time.monotonic():
                door = self._doors[endpoint.lower()] = self._open(endpoint)
            return door

    def _open(self, endpoint: str) -> Door:
        raw = endpoints.look(self._reader, endpoint)
        if raw is None:
            raise NotFound(
                f"There is no endpoint {endpoint} in this workspace.", hint="Run `deployer apply` to create it."
            )
        live = endpoints.normalise(raw, self._reader.where)
        uri = wire_value(raw, "properties", "scoringUri")
        if not uri:
            raise WorkspaceError(
                f"Endpoint {endpoint} has no scoring URI yet.", hint="Wait for its creation to finish."
            )
        bearer, seconds = self._bearer(endpoint, str(live.fields["auth_mode"]))
        described_at = wire_value(raw, "properties", "swaggerUri") or urljoin(uri, "swagger.json")
        return Door(uri=uri, described_at=described_at, bearer=bearer, until=time.monotonic() + seconds)

    def _bearer(self, endpoint: str, auth_mode: str) -> tuple[str, float]:
        """The key or token of an endpoint, and how many seconds to use it before reading it again."""
        match auth_mode:
            case "aml_token":
                token = self._reader.arm.post(f"{endpoints.path(endpoint)}/token", endpoints.API)
                refresh = float(token.get("refreshAfterTimeUtc") or 0) - time.time()
                return str(token["accessToken"]), max(60.0, refresh)
            case "aad_token":
                return self._access.tokens.bearer(SCORING_SCOPE), 60.0
            case _:
                return keys(self._reader.arm, endpoint)[0], 3600.0


def keys(arm: Arm, endpoint: str) -> tuple[str, str]:
    """The primary and the secondary key of an endpoint with key authentication."""
    found = arm.post(f"{endpoints.path(endpoint)}/listKeys", endpoints.API)
    return str(found["primaryKey"]), str(found["secondaryKey"])


def rotate_key(sdk: Sdk, endpoint: str, which: KeyName) -> None:
    """Regenerate the primary or the secondary key of an endpoint with key authentication. Raises WorkspaceError."""
    sdk.operate(
        f"rotate the {which} key of endpoint {endpoint}",
        lambda client: client.online_endpoints.begin_regenerate_keys(endpoint, key_type=which),
    )
