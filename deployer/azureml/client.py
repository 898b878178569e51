"""Where a workspace is reached and as whom: addresses, certificate authorities, tokens."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from deployer.azureml.causes import sign_in_failed
from deployer.azureml.silence_sdk import silence
from deployer.core.coordinates import Coordinates, LocalServer
from deployer.core.errors import Unreachable

MANAGEMENT = "https://management.azure.com"
SCORING_SCOPE = "https://ml.azure.com/.default"
_EARLY = 300.0


class Token(NamedTuple):
    """A bearer token and when it ends, in seconds since 1970; the shape azure-core asks of a credential's answer."""

    token: str
    expires_on: int


class Credential(Protocol):
    """What azure-core calls a token credential."""

    def get_token(self, *scopes: str, **_options: Any) -> Token:
        """A token for these scopes."""


@dataclass(frozen=True, slots=True)
class LocalCredential:
    """The local workspace's own token, read from its file each time: a restarted server may have a new one.

    It is said to end within a minute, so that nobody keeps it.
    """

    token_file: Path

    def get_token(self, *_scopes: str, **_options: Any) -> Token:
        """The token as it is now; Unreachable when the local workspace does not run."""
        try:
            return Token(self.token_file.read_text().strip(), int(time.time()) + 60)
        except OSError as error:
            raise Unreachable(
                "The local workspace is not running.", hint="Start it with `deployer local up`."
            ) from error


class AzureCredential:
    """DefaultAzureCredential, made when the first token is asked for: azure-identity takes 0.2 s to import."""

    def __init__(self) -> None:
        self._chain: Any = None
        self._lock = threading.Lock()

    def get_token(self, *scopes: str, **options: Any) -> Token:
        """A token of the first credential that works; SignInFailed when none does."""
        from azure.core.exceptions import ClientAuthenticationError
        from azure.identity import DefaultAzureCredential

        with self._lock:
            if self._chain is None:
                silence()
                self._chain = DefaultAzureCredential()
        try:
            return self._chain.get_token(*scopes, **options)  # type: ignore[no-any-return]
        except ClientAuthenticationError as error:
            raise sign_in_failed(_reason(str(error.message))) from None


def _reason(text: str) -> str:
    """Why Entra ID refused a sign-in, where one was tried; else no credential was found at all."""
    refused = (line.strip() for line in text.splitlines() if "AADSTS" in line)
    return next(refused, "none is set up on this machine.")[:300]


class Tokens:
    """Bearer tokens by scope, asked for again five minutes before they end; safe for many threads."""

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
        """Drop a token that was not accepted."""
        with self._lock:
            known = self._known.get(scope)
            if known is not None and known.token == bearer:
                del self._known[scope]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One workspace: the address of its management API, its ARM id (`home`), what to trust and whom to be."""

    where: Coordinates
    base: str
    home: str
    tokens: Tokens
    local: LocalServer | None = None

    @property
    def scope(self) -> str:
        """What a token for the management API is asked for."""
        return f"{self.base}/.default"

    @property
    def ca_file(self) -> str:
        """The certificate authorities to trust: the local workspace's own, else what the machine is set up with."""
        if self.local is not None:
            return str(self.local.ca_file)
        return trusted_bundle()


def trusted_bundle() -> str:
    """The bundle that requests would use: REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, else certifi's."""
    import certifi

    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if (path := os.environ.get(name)) and Path(path).exists():
            return path
    return certifi.where()


def site_of(where: Coordinates, local: LocalServer | None) -> Site:
    """How to reach a workspace, real or local."""
    credential: Credential = LocalCredential(local.token_file) if local else AzureCredential()
    base = (local.api if local else MANAGEMENT).rstrip("/")
    return Site(where=where, base=base, home=where.arm_id, tokens=Tokens(credential), local=local)
