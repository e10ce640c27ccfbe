"""`ThreatLevels` on the database: a table of one row."""

from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection, Integer, Table, exists, insert, select, update

from deskward.core.audit import Entry
from deskward.core.threat import ThreatLevel
from deskward.store.columns import columns_of, row_of, value_of
from deskward.store.database import Database, upserting
from deskward.store.tables import desk_entries, metadata

threat_level = Table(
    "threat_level",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    *columns_of(ThreatLevel),
)
ONLY = 1
_t = threat_level.c
_LEVEL = select(threat_level)  # written once: every page asks it


class SqlThreatLevels:
    """Reads the level and writes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> ThreatLevel | None:
        """Read it; None where it was never raised."""
        with self._database.read() as connection:
            row = connection.execute(_LEVEL).mappings().first()
        return value_of(ThreatLevel, row) if row else None

    def write(self, changed: ThreatLevel, entry: Entry) -> bool:
        """Write it with its entry of the log, unless somebody else was faster."""
        with self._database.write() as connection:
            written = _written(connection, changed)
            if written:
                connection.execute(insert(desk_entries), [row_of(entry)])
        return written


def raised(now: datetime) -> ColumnElement[bool]:
    """Tell whether the level is raised."""
    return exists().where(_t.lowered_at.is_(None), _t.ends_at > now)


def _written(connection: Connection, changed: ThreatLevel) -> bool:
    row = row_of(changed)
    if changed.version == 1:
        first = upserting(connection, threat_level).values(id=ONLY, **row).on_conflict_do_nothing()
        return connection.execute(first.returning(_t.id)).first() is not None
    unmoved = update(threat_level).where(_t.version == changed.version - 1)
    return bool(connection.execute(unmoved.values(row)).rowcount)
