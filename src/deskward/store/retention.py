"""What is forgotten of results that stay: the raw values that signals saw (SR-121)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from deskward.core.risk import without_raw
from deskward.store.conditions import HAS_RAW
from deskward.store.database import Database
from deskward.store.tables import verifications

AT_ONCE = 200
_v = verifications.c
_FINDINGS = (_v.findings, _v.observed, _v.signalled)


def forget_raw(database: Database, before: datetime) -> None:
    """Empty what was looked at before, AT_ONCE rows in a transaction; words, points and level stay."""
    more = True
    while more:
        with database.write() as connection:
            more = _forget_some(connection, before)


def _forget_some(connection: Connection, before: datetime) -> bool:
    """Leave a row that somebody else is writing to the next time, so that nobody waits and nothing is lost."""
    old = select(_v.id, *_FINDINGS).where(HAS_RAW, _v.looked_at < before).limit(AT_ONCE)
    rows = connection.execute(old.with_for_update(skip_locked=True)).mappings().all()
    bare = [{"old": row["id"], **{c.name: without_raw(row[c.name]) for c in _FINDINGS}} for row in rows]
    if bare:
        emptied: dict[str, Any] = {"surroundings": {}, "has_raw": False} | {
            c.name: bindparam(c.name) for c in _FINDINGS
        }
        connection.execute(update(verifications).where(_v.id == bindparam("old")).values(emptied), bare)
    return len(rows) == AT_ONCE
