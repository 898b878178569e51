"""All state of the local workspace: JSON documents in SQLite. A write is on disk when the call returns."""

from __future__ import annotations

import errno
import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_TABLE = """
CREATE TABLE IF NOT EXISTS documents (
  kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, before TEXT, seq INTEGER PRIMARY KEY AUTOINCREMENT,
  UNIQUE (kind, key)
)
"""
_PUT = """
INSERT INTO documents (kind, key, body) VALUES (?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET before = body, body = excluded.body
"""


class Store:
    """Documents by kind and key; keys are case-sensitive, so callers lower them. For one thread only."""

    def __init__(self, path: Path) -> None:
        """Open or create the database. Raises sqlite3.Error."""
        self._db = sqlite3.connect(path, isolation_level=None)
        path.chmod(0o600)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(_TABLE)

    def get(self, kind: str, key: str, *, stale: bool = False) -> Document | None:
        """The document; with `stale`, as it was before its last `put`."""
        column = "before" if stale else "body"
        row = self._db.execute(f"SELECT {column} FROM documents WHERE kind = ? AND key = ?", (kind, key)).fetchone()  # noqa: S608
        return json.loads(row[0]) if row and row[0] else None

    def list(self, kind: str, prefix: str = "", *, stale: bool = False) -> list[Document]:
        """The documents whose key begins so, oldest first."""
        column = "before" if stale else "body"
        rows = self._db.execute(
            f"SELECT {column} FROM documents WHERE kind = ? AND substr(key, 1, ?) = ? ORDER BY seq",  # noqa: S608
            (kind, len(prefix), prefix),
        )
        return [json.loads(row[0]) for row in rows if row[0]]

    def put(self, kind: str, key: str, body: Document) -> None:
        """Write a document, remembering what stood there before."""
        self._db.execute(_PUT, (kind, key, json.dumps(body)))

    def amend(self, kind: str, key: str, body: Document) -> None:
        """Change an existing document without touching what `stale` reads."""
        self._db.execute("UPDATE documents SET body = ? WHERE kind = ? AND key = ?", (json.dumps(body), kind, key))

    def delete(self, kind: str, key: str) -> None:
        """Delete a document; a missing one is not an error."""
        self._db.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Several writes, all of which are kept, or none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Fold the write-ahead log into the database and close it."""
        self._db.close()


def is_full(error: OSError | sqlite3.Error) -> bool:
    """Whether a write failed because the disk is full."""
    if isinstance(error, sqlite3.Error):
        return error.sqlite_errorname in ("SQLITE_FULL", "SQLITE_IOERR_WRITE")
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def workspace_id(store: Store) -> str:
    """The id of this workspace, chosen at its first start."""
    kept = store.get("setting", "workspace-id")
    if kept is None:
        kept = {"value": str(uuid.uuid4())}
        store.put("setting", "workspace-id", kept)
    return str(kept["value"])
