"""Where a site's tickets and mails survive a restart: one small SQLite file, or memory only."""

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Row = tuple[str, int, dict[str, Any]]


class Shelf:
    """Rows of (kind, id, JSON); without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._rows = None if path is None else sqlite3.connect(path, check_same_thread=False)
        if self._rows is not None:
            self._rows.execute("PRAGMA journal_mode=WAL")
            self._rows.execute(
                "CREATE TABLE IF NOT EXISTS record (kind TEXT, id INTEGER, body TEXT, PRIMARY KEY (kind, id))"
            )

    def put(self, rows: Iterable[Row]) -> None:
        """Write rows in one transaction, replacing older ones of the same kind and id."""
        if self._rows is None:
            return
        with self._rows:
            self._rows.executemany(
                "INSERT OR REPLACE INTO record VALUES (?, ?, ?)",
                [(kind, key, json.dumps(body)) for kind, key, body in rows],
            )

    def load(self, kind: str) -> list[dict[str, Any]]:
        """Read all rows of a kind, by id."""
        if self._rows is None:
            return []
        found = self._rows.execute("SELECT body FROM record WHERE kind = ? ORDER BY id", (kind,))
        return [json.loads(body) for (body,) in found]

    def close(self) -> None:
        """Let go of the file."""
        if self._rows is not None:
            self._rows.close()
