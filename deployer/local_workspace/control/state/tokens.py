"""Tokens of endpoints with auth mode AMLToken: RS256 JWTs with the claims and lifetimes of Azure's own."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from deployer.local_workspace.store import Store

_SETTING = ("setting", "tokens")
_DAY = 86_400
_ACTION = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/score/action"


class EndpointTokens:
    """Issues and verifies tokens; the signing key is created with the first token."""

    def __init__(self, store: Store, workspace_id: str) -> None:
        self._store, self._workspace_id = store, workspace_id
        self._key: Any = None
        self._seen: dict[str, Mapping[str, Any]] = {}

    def issue(self, endpoint: str, service_id: str) -> dict[str, Any]:
        """The answer to POST token: a token valid for a day, to be refreshed after half of it."""
        settings, issued = self._settings(), int(time.time())
        life = settings.get("lifetime") or _DAY
        claims = {
            "canRefresh": "False",
            "workspaceId": self._workspace_id,
            "tid": str(uuid.UUID(int=0)),
            "oid": str(uuid.UUID(int=0)),
            "actions": json.dumps([_ACTION]),
            "endpointName": endpoint,
            "serviceId": service_id,
            "exp": issued + life,
            "iss": "azureml",
            "aud": "azureml",
        }
        return {
            "accessToken": self._sign(claims),
            "tokenType": "Bearer",
            "expiryTimeUtc": issued + life,
            "refreshAfterTimeUtc": issued + life // 2,
        }

    def opens(self, endpoint: str, token: str) -> bool:
        """Whether this is a valid token for this endpoint that has not expired."""
        claims = self._seen.get(token) or self._verified(token)
        if claims is None or claims["exp"] <= time.time():
            return False
        return str(claims["endpointName"]).lower() == endpoint

    def set_lifetime(self, seconds: int | None) -> None:
        """Set the lifetime of new tokens; None for a day."""
        self._store.put(*_SETTING, self._settings() | {"lifetime": seconds})

    def expire(self) -> None:
        """Invalidate every token issued so far by discarding the key that signed them."""
        kept = {name: value for name, value in self._settings().items() if name != "key"}
        self._store.put(*_SETTING, kept)
        self._key = None
        self._seen.clear()

    def _settings(self) -> dict[str, Any]:
        return self._store.get(*_SETTING) or {}

    def _signing_key(self) -> Any:
        """The RSA key, from the store or new."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        if self._key is None:
            settings = self._settings()
            if "key" not in settings:
                key = rsa.generate_private_key(65_537, 2_048)
                pem = key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
                settings = settings | {"key": pem.decode()}
                self._store.put(*_SETTING, settings)
            self._key = serialization.load_pem_private_key(settings["key"].encode(), None)
        return self._key

    def _sign(self, claims: Mapping[str, Any]) -> str:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        head = {"alg": "RS256", "kid": self._workspace_id.replace("-", "").upper(), "typ": "JWT"}
        text = f"{_encode(json.dumps(head).encode())}.{_encode(json.dumps(claims).encode())}"
        signature = self._signing_key().sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_encode(signature)}"

    def _verified(self, token: str) -> Mapping[str, Any] | None:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        text, _, signature = token.rpartition(".")
        try:
            public = self._signing_key().public_key()
            public.verify(_decode(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
            claims: Mapping[str, Any] = json.loads(_decode(text.partition(".")[2]))
        except (InvalidSignature, ValueError):
            return None
        if len(self._seen) > 1_000:
            self._seen.clear()
        self._seen[token] = claims
        return claims


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
