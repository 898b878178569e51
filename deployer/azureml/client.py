"""How to reach a workspace and sign in: addresses, certificate authorities, tokens."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from deployer.azureml.sign_in import sign_in_failed
from deployer.azureml.silence_sdk import silence
from deployer.core.coordinates import Coordinates, LocalServer
from deployer.core.errors import Unreachable

MANAGEMENT = "https://management.azure.com"
SCORING_SCOPE = "https://ml.azure.com/.default"
_EARLY = 300.0


class Token(NamedTuple):
    """A bearer token and its expiry in seconds since 1970, in the form that azure-core expects."""

    token: str
    expires_on: int


class Credential(Protocol):
    """A token credential of azure-core."""

    def get_token(self, *scopes: str, **_options: Any) -> Token:
        """A token for these scopes."""


@dataclass(frozen=True, slots=True)
class LocalCredential:
    """The token of the local workspace, read from its file each time, since a restarted server may have a new one.

    Its stated expiry is one minute, so that it is not cached for long.
    """

    token_file: Path

    def get_token(self, *_scopes: str, **_options: Any) -> Token:
        """The current token. Raises Unreachable if the local workspace is not running."""
        try:
            return Token(self.token_file.read_text().strip(), int(time.time()) + 60)
        except OSError as error:
            raise Unreachable(
                "The local workspace is not running.", hint="Start it with `deployer local up`."
            ) from error


class AzureCredential:
    """DefaultAzureCredential, created for the first token, because importing azure-identity takes 0.2 s."""

    def __init__(self) -> None:
        self._chain: Any = None
        self._lock = threading.Lock()

    def get_token(self, *scopes: str, **options: Any) -> Token:
        """A token from the first credential that works. Raises SignInFailed if none does."""
        from azure.core.exceptions import ClientAuthenticationError
        from azure.identity import DefaultAzureCredential

        with self._lock:
            if self._chain is None:
                silence()
                self._chain = DefaultAzureCredential()
        try:
            return self._chain.get_token(*scopes, **options)  # type: ignore[no-any-return]
        except ClientAuthenticationError as error:
            raise sign_in_failed(str(error.message)) from None


class BearerTokens:
    """Bearer tokens by scope, renewed five minutes before they expire. Thread-safe."""

    def __init__(self, credential: Credential) -> None:
        self.credential = credential
        self._known: dict[str, Token] = {}
        self._lock = threading.Lock()

    def bearer(self, scope: str) -> str:
        """A valid token."""
        with self._lock:
            token = self._known.get(scope)
            if token is None or token.expires_on - time.time() < _EARLY:
                token = self._known[scope] = self.credential.get_token(scope)
            return token.token

    def forget(self, scope: str, bearer: str) -> None:
        """Drop a rejected token."""
        with self._lock:
            known = self._known.get(scope)
            if known is not None and known.token == bearer:
                del self._known[scope]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceAccess:
    """One workspace: the address of its management API, its ARM id (`home`), and which credential and CAs to use."""

    where: Coordinates
    base: str
    home: str
    tokens: BearerTokens
    local: LocalServer | None = None

    @property
    def scope(self) -> str:
        """The scope of tokens for the management API."""
        return f"{self.base}/.default"

    @property
    def ca_file(self) -> str:
        """The CA bundle to trust: that of the local workspace, else `trusted_bundle()`."""
        if self.local is not None:
            return str(self.local.ca_file)
        return trusted_bundle()


def trusted_bundle() -> str:
    """The CA bundle of `requests`: REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, else that of certifi."""
    import certifi

    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if (path := os.environ.get(name)) and Path(path).exists():
            return path
    return certifi.where()


def access_to(where: Coordinates, local: LocalServer | None) -> WorkspaceAccess:
    """How to reach a workspace, real or local."""
    credential: Credential = LocalCredential(local.token_file) if local else AzureCredential()
    base = (local.api if local else MANAGEMENT).rstrip("/")
    return WorkspaceAccess(where=where, base=base, home=where.arm_id, tokens=BearerTokens(credential), local=local)
