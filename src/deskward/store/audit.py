"""`AuditLog` on the database: the events of verifications and the entries of the desk, read as one log."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, insert, literal, select, tuple_, union_all

from deskward.core.audit import AuditPage, Deed, Entry, Place, Recorded, Sought
from deskward.core.console import PAGE
from deskward.core.events import EventKind
from deskward.core.searching import tail_of
from deskward.store.columns import UtcTime, row_of
from deskward.store.conditions import ends_in
from deskward.store.database import Database
from deskward.store.log_tables import deleted_verifications
from deskward.store.tables import desk_entries, events, verifications

MOST_OF_A_TICKET = 100
_e, _d, _v, _x = events.c, desk_entries.c, verifications.c, deleted_verifications.c
_EVENTS = select(_e.kind, _e.at, _e.actor, _e.verification_id, _e.seq.label("number"), _e.fields)
_ENTRIES = select(_d.kind, _d.at, _d.actor, _d.verification_id, _d.number, _d.fields)


class SqlAuditLog:
    """Adds and reads; there is no way here to change or take out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, entries: Sequence[Entry]) -> None:
        """Add entries in one transaction."""
        one = len(entries) == 1
        with self._database.write_one() if one else self._database.write() as connection:
            connection.execute(insert(desk_entries), [row_of(entry) for entry in entries])

    def page(self, sought: Sought, size: int = PAGE) -> AuditPage:
        """Read one page by keyset: of both tables so many, of these the next ones."""
        upwards = sought.before is not None
        with self._database.read() as connection:
            about = _meant(connection, sought.about) if sought.about else None
            found = [*_events(connection, sought, about, size + 1), *_entries(connection, sought, about, size + 1)]
            numbers = _numbers(connection, {row.verification_id for row, _ in found})
        found.sort(key=lambda pair: _order(pair[1]), reverse=not upwards)
        kept = found[:size][::-1] if upwards else found[:size]
        more = len(found) > size
        if upwards and not more:
            return self.page(replace(sought, before=None), size)
        rows = tuple(
            Recorded(
                row.kind,
                row.at,
                row.actor,
                row.verification_id,
                numbers.get(row.verification_id, ""),
                row.fields,
                place,
            )
            for row, place in kept
        )
        last, first = (rows[-1].place, rows[0].place) if rows else (None, None)
        if upwards:
            return AuditPage(rows, after=last, before=first)
        return AuditPage(rows, last if more else None, (first or sought.after) if sought.after else None)


def _order(place: Place) -> tuple[Any, ...]:
    return place.at, place.verification_id, place.number


def _meant(connection: Connection, about: str) -> Sequence[str]:
    """Give the verifications of a ticket's number, those deleted too, or the one with this id."""
    found = [about.upper()]
    for columns, newest in ((_v, _v.opened_at), (_x, _x.ended_at)):
        numbered = (
            ends_in(columns.number_tail, tail_of(about)),
            func.lower(columns.ticket_number) == about.lower(),
        )
        of_ticket = select(columns.id).where(*numbered).order_by(newest.desc()).limit(MOST_OF_A_TICKET)
        found += connection.scalars(of_ticket)
    return found


def _numbers(connection: Connection, ids: set[str]) -> dict[str, str]:
    either = union_all(*(select(c.id, c.ticket_number).where(c.id.in_(ids - {""})) for c in (_v, _x)))
    return {row.id: row.ticket_number for row in connection.execute(either)}


Found = tuple[Any, Place]


def _events(connection: Connection, sought: Sought, about: Sequence[str] | None, size: int) -> Iterator[Found]:
    kinds = [EventKind(kind) for kind in sought.kinds if kind in set(EventKind)]
    if sought.kinds and not kinds:
        return
    wanted = [
        *_filters(_e, sought, kinds, about),
        *_beside(_e.at, (_e.verification_id, _e.seq), sought, entry=False),
    ]
    order = (_e.at, _e.verification_id, _e.seq)
    for row in connection.execute(_sorted(_EVENTS.where(*wanted), order, sought).limit(size)):
        yield row, Place(row.at, row.verification_id, row.number)


def _entries(connection: Connection, sought: Sought, about: Sequence[str] | None, size: int) -> Iterator[Found]:
    kinds = [Deed(kind) for kind in sought.kinds if kind in set(Deed)]
    if sought.kinds and not kinds:
        return
    wanted = [*_filters(_d, sought, kinds, about), *_beside(_d.at, (_d.number,), sought, entry=True)]
    for row in connection.execute(_sorted(_ENTRIES.where(*wanted), (_d.at, _d.number), sought).limit(size)):
        yield row, Place(row.at, "", row.number)


def _sorted(query: Select[Any], order: Sequence[Any], sought: Sought) -> Select[Any]:
    return query.order_by(*(order if sought.before else (column.desc() for column in order)))


def _filters(
    columns: Any, sought: Sought, kinds: Sequence[Any], about: Sequence[str] | None
) -> Iterator[ColumnElement[bool]]:
    if sought.actor:
        yield columns.actor == sought.actor
    if kinds:
        yield columns.kind.in_(kinds)
    if about is not None:
        yield columns.verification_id.in_(about)
    if sought.since:
        yield columns.at >= sought.since
    if sought.until:
        yield columns.at < sought.until


def _beside(at: Any, rest: Sequence[Any], sought: Sought, *, entry: bool) -> Iterator[ColumnElement[bool]]:
    """Keep what is older than `after`, or newer than `before`; of one time entries of the desk are the oldest."""
    place = sought.before or sought.after
    if place is None:
        return
    upwards, when = sought.before is not None, literal(place.at, UtcTime())
    if entry == (not place.verification_id):
        tail = (place.number,) if entry else (place.verification_id, place.number)
        mine, bound = tuple_(at, *rest), tuple_(when, *(literal(part) for part in tail))
        yield mine > bound if upwards else mine < bound
    elif entry:
        yield at > when if upwards else at <= when
    else:
        yield at >= when if upwards else at < when
