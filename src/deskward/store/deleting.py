"""What goes when its time is over: results with all that hangs on them, then the entries of the log (SR-121).

Some at a time, so that nobody waits long; each time in one transaction with its own entry in the log, so that
whoever is killed in between leaves nothing half done.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from deskward.core.audit import SYSTEM, Deed, Deleted, Entry
from deskward.core.retention import Retention
from deskward.core.searching import parts_of
from deskward.core.sums import Need
from deskward.store.columns import row_of
from deskward.store.database import Database
from deskward.store.log_tables import deleted_verifications
from deskward.store.tables import (
    WAITING,
    desk_entries,
    enrolments,
    errands,
    events,
    fences,
    grants,
    requester_parts,
    requesters,
    sendings,
    verifications,
    vouches,
)

AT_ONCE, MOST_TIMES = 50, 10
_HANGING = (errands, sendings, grants, fences, vouches, enrolments)
_v, _e, _n, _d, _f = verifications.c, events.c, desk_entries.c, deleted_verifications.c, fences.c
_r, _p = requesters.c, requester_parts.c
_TOLD = (_v.id, _v.ticket_number, _v.number_tail, _v.directory, _v.subject_id, _v.ended_at, _v.requester_number)


def deleted_at(connection: Connection, verification_id: str) -> datetime | None:
    """Tell when a verification was deleted; None where it was not, or where that is too long ago."""
    found: datetime | None = connection.scalar(select(_d.deleted_at).where(_d.id == verification_id))
    return found


def delete_results(database: Database, now: datetime, kept: Retention) -> bool:
    """Delete verifications that ended before their time; True where more may be left."""
    return _again(database, lambda connection: _delete_results(connection, now, now - kept.results))


def delete_entries(database: Database, now: datetime, kept: Retention) -> bool:
    """Delete entries of the log that are too old and about no verification that is there; True as above."""
    return _again(database, lambda connection: _delete_entries(connection, now, now - kept.audit))


def _again(database: Database, some: Callable[[Connection], bool]) -> bool:
    for _ in range(MOST_TIMES):
        with database.write() as connection:
            if not some(connection):
                return False
    return True


def old_results(now: datetime, before: datetime) -> Select[Any]:
    """Choose results that may go, oldest first; what somebody is writing to is left to the next time.

    A use of break-glass stays until it is reviewed (SR-69).
    """
    undone = exists().where(errands.c.verification_id == _v.id, literal_column(f"errands.{WAITING}"))
    standing = (_f.lifted_at.is_(None), or_(_f.ends_at.is_(None), _f.ends_at > now))
    fenced = exists().where(_f.verification_id == _v.id, *standing)
    reviewed = _v.need != Need.BREAK_GLASS
    old = select(*_TOLD).where(_v.ended_at < before, ~_v.is_open, reviewed, ~undone, ~fenced)
    return old.order_by(_v.ended_at).limit(AT_ONCE).with_for_update(skip_locked=True, of=verifications)


def old_events(before: datetime) -> Select[Any]:
    """Choose events that may go, oldest first."""
    there = exists().where(_v.id == _e.verification_id)
    old = select(_e.verification_id, _e.seq).where(_e.at < before, ~there).order_by(_e.at).limit(AT_ONCE)
    return old.with_for_update(skip_locked=True, of=events)


def old_entries(before: datetime) -> Select[Any]:
    """Choose entries of the desk that may go, oldest first."""
    old = select(_n.number).where(_n.at < before).order_by(_n.at).limit(AT_ONCE)
    return old.with_for_update(skip_locked=True)


def _delete_results(connection: Connection, now: datetime, before: datetime) -> bool:
    rows = connection.execute(old_results(now, before)).all()
    if not rows:
        return False
    ids = [row.id for row in rows]
    last = _last_entries(connection, ids)
    connection.execute(insert(deleted_verifications), [_left_of(row, now, last) for row in rows])
    for table in _HANGING:
        connection.execute(delete(table).where(table.c.verification_id.in_(ids)))
    connection.execute(delete(verifications).where(_v.id.in_(ids)))
    _count_out(connection, Counter(row.requester_number for row in rows))
    _record(connection, Deed.RESULTS_DELETED, now, before, len(rows))
    return len(rows) == AT_ONCE


def _left_of(row: Any, now: datetime, last: Mapping[str, datetime]) -> dict[str, Any]:
    told = (row.id, row.ticket_number, row.directory, row.subject_id, row.ended_at)
    left = Deleted(*told, deleted_at=now, last_entry_at=last.get(row.id, row.ended_at))
    return row_of(left) | {"number_tail": row.number_tail}


def _last_entries(connection: Connection, ids: Sequence[str]) -> Mapping[str, datetime]:
    entries = union_all(
        *(select(c.verification_id, c.at).where(c.verification_id.in_(ids)) for c in (_e, _n))
    ).subquery("entries")
    newest = select(entries.c.verification_id, func.max(entries.c.at)).group_by(entries.c.verification_id)
    return {name: at for name, at in connection.execute(newest)}  # noqa: C416 - rows are no pairs to mypy


def _count_out(connection: Connection, numbers: Mapping[int, int]) -> None:
    """Take verifications off their requesters, in one order; who has none left is searched for no more."""
    fewer = update(requesters).where(_r.number == bindparam("one")).values(times=_r.times - bindparam("fewer"))
    connection.execute(fewer, [{"one": number, "fewer": numbers[number]} for number in sorted(numbers)])
    gone = delete(requesters).where(_r.number.in_(numbers), _r.times <= 0).returning(_r.number, _r.words)
    parts = [
        {"one": part, "whose": number}
        for number, words in connection.execute(gone).all()
        for part in sorted(parts_of(words))
    ]
    _delete_each(
        connection,
        delete(requester_parts).where(_p.part == bindparam("one"), _p.requester_number == bindparam("whose")),
        parts,
    )


def _delete_entries(connection: Connection, now: datetime, before: datetime) -> bool:
    old = connection.execute(old_events(before)).all()
    # One by one: SQLite reads the whole table for a list of pairs.
    one = delete(events).where(_e.verification_id == bindparam("one"), _e.seq == bindparam("place"))
    _delete_each(connection, one, [{"one": row.verification_id, "place": row.seq} for row in old])
    numbers = connection.scalars(old_entries(before)).all()
    connection.execute(delete(desk_entries).where(_n.number.in_(numbers)))
    if old or numbers:
        _record(connection, Deed.ENTRIES_DELETED, now, before, len(old) + len(numbers))
    if AT_ONCE in (len(old), len(numbers)):
        return True
    silent = select(_d.id).where(_d.last_entry_at < before).order_by(_d.last_entry_at).limit(AT_ONCE)
    return connection.execute(delete(deleted_verifications).where(_d.id.in_(silent))).rowcount == AT_ONCE


def _delete_each(connection: Connection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)


def _record(connection: Connection, deed: Deed, now: datetime, before: datetime, number: int) -> None:
    """Say in the log itself what went: how many, and up to when."""
    told = {"number": number, "until": before.isoformat(timespec="seconds")}
    connection.execute(insert(desk_entries), [row_of(Entry(deed, now, SYSTEM, fields=told))])
