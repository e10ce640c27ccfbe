"""`Console` on the database: the verifications table by keyset, and errands as people see them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, or_, select, tuple_, update

from deskward.core.console import MOST_COUNTED, PAGE, Page, Search
from deskward.core.events import Event, EventKind
from deskward.core.ports import Bell, Change, Errand, ErrandState
from deskward.core.verification import Verification
from deskward.store.columns import UtcTime, value_of
from deskward.store.database import Database
from deskward.store.saving import write_change
from deskward.store.tables import errands, verifications

AT_ONCE = 200
KEEPS_FAILING = 3
_v, _e = verifications.c, errands.c


class SqlConsole:
    """Reads for people; `bell` is told of what they replay."""

    def __init__(self, database: Database, bell: Bell) -> None:
        self._database = database
        self.bell = bell

    def page(self, search: Search, size: int = PAGE) -> Page:
        """Read one page by keyset, and how many rows there are, counted up to MOST_COUNTED + 1."""
        wanted = tuple(_conditions(search))
        newest = select(verifications).where(*wanted, *_after(search)).order_by(_v.opened_at.desc(), _v.id.desc())
        some = select(literal(1)).select_from(verifications).where(*wanted).limit(MOST_COUNTED + 1).subquery()
        with self._database.read() as connection:
            found = connection.execute(newest.limit(size + 1)).mappings().all()
            total = connection.scalars(select(func.count()).select_from(some)).one()
        rows = tuple(value_of(Verification, row) for row in found[:size])
        more = (rows[-1].opened_at.isoformat(), rows[-1].id) if len(found) > size else None
        return Page(rows, total, more)

    def decided(self, since: datetime | None = None) -> Iterator[Verification]:
        """Give what was opened since and has been decided, newest first, AT_ONCE rows at a time."""
        search: Search | None = Search(since=since)
        while search:
            wanted = (_v.decided_at.is_not(None), *_conditions(search), *_after(search))
            newest = select(verifications).where(*wanted).order_by(_v.opened_at.desc(), _v.id.desc())
            with self._database.read() as connection:
                rows = connection.execute(newest.limit(AT_ONCE)).mappings().all()
            found = [value_of(Verification, row) for row in rows]
            yield from found
            more = len(found) == AT_ONCE
            search = replace(search, after=(found[-1].opened_at.isoformat(), found[-1].id)) if more else None

    def errands(self, verification_id: str) -> Sequence[Errand]:
        """List the errands of a verification, oldest first."""
        return self._errands(select(errands).where(_e.verification_id == verification_id).order_by(_e.id))

    def stuck(self, limit: int) -> Sequence[Errand]:
        """List errands that are parked or failed KEEPS_FAILING times, oldest first."""
        failing = and_(_e.state != ErrandState.DONE, _e.attempts >= KEEPS_FAILING, _e.last_error != "")
        either = select(errands).where(or_(_e.state == ErrandState.PARKED, failing))
        return self._errands(either.order_by(_e.id).limit(limit))

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


def _conditions(search: Search) -> Iterator[ColumnElement[bool]]:
    exact = {"state": search.state, "risk_level": search.level, "category": search.category}
    for name, value in (exact | {"agent_id": search.agent_id}).items():
        if value:
            yield _v[name] == value
    if search.statuses:
        yield tuple_(_v.state, _v.outcome).in_(search.statuses)
    if search.text.strip():
        yield _v.search_text.contains(search.text.strip().casefold(), autoescape=True)
    if search.since:
        yield _v.opened_at >= search.since
    if search.until:
        yield _v.opened_at < search.until


def _after(search: Search) -> Iterator[ColumnElement[bool]]:
    if search.after:
        opened_at, last_id = search.after
        seen = tuple_(literal(datetime.fromisoformat(opened_at), UtcTime()), literal(last_id))
        yield tuple_(_v.opened_at, _v.id) < seen
