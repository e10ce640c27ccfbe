"""Up to when each log outside is read; whoever moves a mark does so once, however many try."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from deskward.store.database import upserting
from deskward.store.tables import sign_in_marks

_m = sign_in_marks.c


def read_to(connection: Connection, log: str) -> datetime | None:
    """Tell up to when a log is read, itself left out; None at first."""
    found: datetime | None = connection.scalar(select(_m.read_to).where(_m.log == log))
    return found


def moved(connection: Connection, log: str, old: datetime | None, new: datetime) -> bool:
    """Move the mark if it still is where it was; on PostgreSQL whoever comes second waits here for the first."""
    if old is not None:
        mine = (_m.log == log, _m.read_to == old)
        return bool(connection.execute(update(sign_in_marks).where(*mine).values(read_to=new)).rowcount)
    first = upserting(connection, sign_in_marks).values(log=log, read_to=new).on_conflict_do_nothing()
    return connection.execute(first.returning(_m.log)).first() is not None
