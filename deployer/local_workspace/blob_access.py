"""Signatures that open a container for a while, as shared access signatures do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from deployer.local_workspace.store import Store

_SETTING = ("setting", "blob-secret")


def signature(store: Store, container: str, seconds: float) -> str:
    """The query string that opens this container for so long."""
    until = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    signed = _sign(store, container, until)
    return f"sv=2021-08-06&sr=c&sp=rcwdl&se={quote(until)}&sig={quote(signed, safe='')}"


def opens(store: Store, container: str, query: Mapping[str, str]) -> bool:
    """Whether the query of a request holds a signature for this container that has not run out."""
    until, given = query.get("se", ""), query.get("sig", "")
    if not hmac.compare_digest(given.encode(), _sign(store, container, until).encode()):
        return False
    return until > datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sign(store: Store, container: str, until: str) -> str:
    text = f"{container}\n{until}".encode()
    return base64.b64encode(hmac.new(_secret(store), text, hashlib.sha256).digest()).decode()


def _secret(store: Store) -> bytes:
    kept = store.get(*_SETTING)
    if kept is None:
        kept = {"value": secrets.token_hex(32)}
        store.put(*_SETTING, kept)
    return bytes.fromhex(kept["value"])
