"""`Console` on the database: the verifications table by keyset, and errands as people see them."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, literal, select, text, tuple_, union_all, update

from deskward.core.console import PAGE, Counted, Listed, Page, Search
from deskward.core.events import Event, EventKind
from deskward.core.ports import Bell, Change, Errand, ErrandState
from deskward.core.sums import Sums
from deskward.core.verification import Verification
from deskward.store.columns import UtcTime, value_of
from deskward.store.database import Database
from deskward.store.looking_up import Lookup, in_order
from deskward.store.saving import write_change
from deskward.store.search_statements import of_ids
from deskward.store.summing import summed
from deskward.store.tables import WAITING, errands, verifications

AT_ONCE = 200
KEEPS_FAILING = 3
_v, _e = verifications.c, errands.c


class SqlConsole:
    """Reads for people; `bell` is told of what they replay."""

    def __init__(self, database: Database, bell: Bell) -> None:
        self._database = database
        self.bell = bell

    def sharing(self) -> AbstractContextManager[None]:
        """Let all reads of this thread have one connection until the end of the block."""
        return self._database.sharing()

    def page(self, search: Search, size: int = PAGE) -> Page:
        """Read one page by keyset."""
        with self._database.read() as connection:
            return _page(connection, Lookup(connection, search), search, size)

    def counted(self, search: Search) -> Counted:
        """Count the rows, up to MOST_COUNTED; with `before` the newer ones."""
        with self._database.read() as connection:
            return Lookup(connection, search).count(search.before)

    def page_and_count(self, search: Search) -> tuple[Page, Counted]:
        """Read one page and count all rows, with the text looked up once; a page of all rows needs no count."""
        with self._database.read() as connection:
            lookup = Lookup(connection, search)
            page = _page(connection, lookup, search, PAGE)
            if page.after is None and not (search.after or search.before):
                return page, Counted(len(page.rows))
            return page, lookup.count()

    def listed(self, ids: Sequence[str]) -> Sequence[Listed]:
        """Read these rows as they are now."""
        if not ids:
            return ()
        with self._database.read() as connection:
            rows = connection.execute(of_ids(connection.dialect.name), {"ids": ids}).all()
        return in_order(rows)

    def sums(self, first: date, last: date) -> Sums:
        """Read what was counted from this day on to that, both included; days of UTC."""
        with self._database.read() as connection:
            return summed(connection, first, last)

    def decided(self, since: datetime | None = None) -> Iterator[Verification]:
        """Give what was opened since and has been decided, newest first, AT_ONCE rows at a time."""
        wanted = [_v.decided_at.is_not(None), *([_v.opened_at >= since] if since else ())]
        newest = select(verifications).order_by(_v.opened_at.desc(), _v.id.desc()).limit(AT_ONCE)
        older: list[ColumnElement[bool]] = []
        while True:
            with self._database.read() as connection:
                rows = connection.execute(newest.where(*wanted, *older)).mappings().all()
            found = [value_of(Verification, row) for row in rows]
            yield from found
            if len(found) < AT_ONCE:
                return
            last = tuple_(literal(found[-1].opened_at, UtcTime()), literal(found[-1].id))
            older = [tuple_(_v.opened_at, _v.id) < last]

    def errands(self, verification_id: str) -> Sequence[Errand]:
        """List the errands of a verification, oldest first."""
        return self._errands(select(errands).where(_e.verification_id == verification_id).order_by(_e.id))

    def stuck(self, limit: int) -> Sequence[Errand]:
        """List errands that are parked or failed KEEPS_FAILING times, oldest first."""
        parked = select(_e.id).where(text("state = 'parked'"))
        failing = select(_e.id).where(text(WAITING), _e.attempts >= KEEPS_FAILING, _e.last_error != "")
        found = _e.id.in_(union_all(parked, failing))  # each by its own small index
        return self._errands(select(errands).where(found).order_by(_e.id).limit(limit))

    def replay(self, errand_id: int, now: datetime, actor: str) -> Errand | None:
        """Make a parked or waiting errand due now, with its audit entry, and ring; None where there is none."""
        waiting = (_e.id == errand_id, _e.state.in_([ErrandState.PARKED, ErrandState.DUE]))
        due = update(errands).where(*waiting).values(state=ErrandState.DUE, due_at=now).returning(*_e)
        with self._database.write() as connection:
            row = connection.execute(due).mappings().one_or_none()
            if row is None:
                return None
            errand = value_of(Errand, row)
            _record(connection, errand, now, actor)
        self.bell.ring([errand.lane])
        return errand

    def _errands(self, query: Select[Any]) -> list[Errand]:
        with self._database.read() as connection:
            return [value_of(Errand, row) for row in connection.execute(query).mappings()]


def _record(connection: Connection, errand: Errand, now: datetime, actor: str) -> None:
    of_errand = select(verifications).where(_v.id == errand.verification_id)
    row = connection.execute(of_errand).mappings().first()
    if row is not None:
        event = Event(errand.verification_id, EventKind.REPLAYED, now, actor, {"errand": errand.kind.value})
        write_change(connection, value_of(Verification, row), Change(event=event), now)


def _page(connection: Connection, lookup: Lookup, search: Search, size: int) -> Page:
    found, edge = lookup.page(size + 1)
    more = len(found) > size
    if search.before and not more and edge is None:
        newest = replace(search, before=None)
        return _page(connection, Lookup(connection, newest), newest, size)
    rows = found[-size:] if search.before else found[:size]
    last, first = (rows[-1].cursor, rows[0].cursor) if rows else (None, None)
    if search.before:
        return Page(rows, last or search.before, first if more else edge)
    newer = (first or search.after) if search.after else None
    return Page(rows, last if more else edge, newer, edge[0] if edge else None)
