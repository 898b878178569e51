"""Access to a container: a shared access signature that expires, or requests signed with the account key.

https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from deployer.local_workspace.store import Store

_SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
_SETTING = ("setting", "blob-secret")


def signature(store: Store, container: str, seconds: float) -> str:
    """The query string that gives access to this container for this long."""
    until = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    signed = _sign(store, container, until)
    return f"sv=2021-08-06&sr=c&sp=rcwdl&se={quote(until)}&sig={quote(signed, safe='')}"


def opens(store: Store, container: str, query: Mapping[str, str]) -> bool:
    """Whether the query of a request holds a valid signature for this container."""
    until, given = query.get("se", ""), query.get("sig", "")
    if not hmac.compare_digest(given.encode(), _sign(store, container, until).encode()):
        return False
    return until > datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def account_key(store: Store) -> str:
    """The key of the storage account, base64."""
    return base64.b64encode(_secret(store)).decode()


def is_signed(store: Store, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    """Whether the request is signed with the account key; `path` is the path as sent."""
    kind, _, credential = headers.get("authorization", "").partition(" ")
    account, _, given = credential.partition(":")
    if kind != "SharedKey":
        return False
    length = headers.get("content-length", "")
    plain = [headers.get(name, "") for name in _SIGNED_HEADERS]
    own = [f"{name}:{value}" for name, value in sorted(headers.items()) if name.startswith("x-ms-")]
    asked = [f"{name.lower()}:{value}" for name, value in sorted(query.items())]
    lines = [method, *plain[:2], "" if length == "0" else length, *plain[2:], *own, f"/{account}{path}", *asked]
    signed = hmac.new(_secret(store), "\n".join(lines).encode(), hashlib.sha256).digest()
    return hmac.compare_digest(given.encode(), base64.b64encode(signed))


def _sign(store: Store, container: str, until: str) -> str:
    text = f"{container}\n{until}".encode()
    return base64.b64encode(hmac.new(_secret(store), text, hashlib.sha256).digest()).decode()


def _secret(store: Store) -> bytes:
    kept = store.get(*_SETTING)
    if kept is None:
        kept = {"value": secrets.token_hex(32)}
        store.put(*_SETTING, kept)
    return bytes.fromhex(kept["value"])
