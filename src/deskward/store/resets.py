"""`ResetRows` on the database."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, insert, literal_column, select, update

from deskward.core.resets import LoggedReset, ResetKind
from deskward.core.retention import Retention
from deskward.store.columns import row_of, value_of
from deskward.store.database import Database
from deskward.store.log_tables import resets
from deskward.store.marks import moved, read_to

EXPLAINED_KEPT = timedelta(days=90)
_r = resets.c
_INCIDENT: ColumnElement[bool] = literal_column("explained_by = ''")


class SqlResets:
    """Reads and writes what was looked at, and the marks of the logs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def marks(self, directory: str) -> tuple[datetime, datetime] | None:
        """Tell since when a log is read, and up to when; None at first."""
        with self._database.read() as connection:
            begun, mark = (read_to(connection, log) for log in (_beginning(directory), _log(directory)))
        return (begun, mark) if begun and mark else None

    def known(self, directory: str, since: datetime) -> AbstractSet[str]:
        """Name the rows of a log since then that were looked at."""
        seen = select(_r.event_id).where(_r.directory == directory, _r.at >= since)
        with self._database.read() as connection:
            return {*connection.scalars(seen)}

    def spent(self, directory: str, since: datetime) -> AbstractSet[tuple[str, ResetKind]]:
        """Tell what has explained a reset since then, and of which kind."""
        used = select(_r.explained_by, _r.kind).where(_r.directory == directory, _r.at >= since, ~_INCIDENT)
        with self._database.read() as connection:
            return {(row.explained_by, row.kind) for row in connection.execute(used)}

    def follow(
        self, directory: str, old: datetime | None, new: datetime, rows: Iterable[LoggedReset] = ()
    ) -> bool:
        """Move the mark of a log and keep what was looked at, unless somebody else was faster."""
        kept = [row_of(row) for row in rows]
        with self._database.write() as connection:
            if not moved(connection, _log(directory), old, new):
                return False
            if old is None:
                moved(connection, _beginning(directory), None, new)
            if kept:
                connection.execute(insert(resets), kept)
        return True

    def incidents(self, limit: int, *, reviewed: bool) -> Sequence[LoggedReset]:
        """List incidents, newest first."""
        looked = _r.reviewed_at.is_not(None) if reviewed else _r.reviewed_at.is_(None)
        newest = select(resets).where(_INCIDENT, looked).order_by(_r.at.desc(), _r.id).limit(limit)
        with self._database.read() as connection:
            return [value_of(LoggedReset, row) for row in connection.execute(newest).mappings()]

    def review(self, incident_id: str, at: datetime, by: str, reason: str) -> bool:
        """Note who looked at an incident and why it is settled; False when that was done or it is none."""
        fresh = update(resets).where(_r.id == incident_id, _INCIDENT, _r.reviewed_at.is_(None))
        with self._database.write() as connection:
            told = connection.execute(fresh.values(reviewed_at=at, reviewed_by=by, reason=reason))
        return bool(told.rowcount)


def forget_resets(connection: Connection, now: datetime, kept: Retention) -> None:
    """Take out what a grant explained long ago, and incidents settled as long ago as results go (SR-121)."""
    connection.execute(delete(resets).where(~_INCIDENT, _r.at < now - EXPLAINED_KEPT))
    connection.execute(delete(resets).where(_INCIDENT, _r.reviewed_at < now - kept.results))


def _log(directory: str) -> str:
    return f"resets:{directory}"


def _beginning(directory: str) -> str:
    return f"resets:{directory}:begun"
