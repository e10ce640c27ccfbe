"""How a search of the table becomes SQL that stays fast on ten million rows.

Two ways. Where text and number mean few rows, these are found by their own indexes and sorted. Otherwise the rows
are walked newest first along one index, at most LOOKED at a time: the index holds everything that is filtered by,
so that a row that does not fit is not read. What one walk does not reach, the next page does.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    ScalarSelect,
    Select,
    and_,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
    union_all,
)

from deskward.core.console import MOST_COUNTED, Counted, Cursor, Listed, Search
from deskward.core.searching import Terms, tail_of, terms_of
from deskward.store.columns import UtcTime, hints_of
from deskward.store.conditions import ends_in, is_among, is_filled, is_one_of
from deskward.store.requesters import Matched, fits_requester, matched
from deskward.store.summing import written
from deskward.store.tables import agents, verifications

LOOKED = 10_000
MOST_WALKED = 1_000
_v, _again = verifications.c, verifications.alias("again").c
_AGENTS = select(agents.c.id, agents.c.name)
_LISTED = tuple(_v[name] for name in hints_of(Listed))
Columns = Any  # of the table, of its alias, or of a subquery with the same names


@dataclass(frozen=True)
class Meant:
    """What a text can mean: requesters, agents, the number of a ticket, or the id of a verification."""

    terms: Terms
    requesters: Matched
    agents: tuple[str, ...]
    dialect: str

    def ways(self) -> Iterator[ColumnElement[bool]]:
        """Give a condition for each meaning, each with an index of its own; no row fits two of them."""
        others: list[ColumnElement[bool]] = []
        for column, meant in ((_v.requester_number, self.requesters.numbers), (_v.agent_id, self.agents)):
            if meant:
                yield and_(is_one_of(self.dialect, column, meant), *others)
                others.append(not_(is_among(self.dialect, column, meant)))
        for way in self._one(_v):
            yield and_(way, *others)
            others.append(not_(way))

    def fits(self) -> ColumnElement[bool]:
        """Tell of a walked row whether it is meant."""
        number = _v.requester_number + 0  # so that no other index than the walked one is used
        known = is_among(self.dialect, number, self.requesters.numbers)
        theirs = fits_requester(number, self.terms) if self.requesters.crowd else known
        ways = [is_among(self.dialect, _v.agent_id, self.agents), theirs]
        return or_(*ways, *(_v.id.in_(select(_again.id).where(way)) for way in self._one(_again)))

    def _one(self, columns: Columns) -> Iterator[ColumnElement[bool]]:
        word = self.terms.single
        if word:
            yield columns.id == word.upper()
        tail = tail_of(word)
        if tail is not None:
            number = func.lower(columns.ticket_number)
            yield (columns.number_tail == tail) & number.contains(word, autoescape=True)


class Lookup:
    """One search on one connection."""

    def __init__(self, connection: Connection, search: Search) -> None:
        self._connection = connection
        self._search = search
        self._dialect = connection.dialect.name
        self._edges: dict[Search, Cursor | None] = {}

    def page(self, size: int) -> tuple[tuple[Listed, ...], Cursor | None]:
        """Give the next rows, newest first, and where the walk stopped before it had so many.

        With `before` these are the rows next to it.
        """
        edge = self._edge(self._search)
        query, place = self._found(self._search, edge)
        upwards = self._search.before is not None
        found = _sorted(query, place, upwards=upwards).limit(_exactly(size)).subquery()
        rows = listed(self._connection, _v.id.in_(select(found.c.id)))
        return rows, None if len(rows) == size else edge

    def count(self, search: Search) -> Counted:
        """Count the rows of this search, whose cursors may differ; on a walk with a text up to MOST_WALKED.

        Where a text alone is asked for, the rows of its requesters are counted already.
        """
        whole = replace(search, after=None)
        known = self._meant.requesters.times if self._meant and replace(whole, text="") == Search() else 0
        if known > MOST_COUNTED:
            return Counted(MOST_COUNTED, exact=False)
        if self._few is not None:
            # They are the first way.
            left = self._few[1:] if known else self._few
            number = known + (self._number(_united(left, whole)[0], MOST_COUNTED) if left else 0)
            return Counted(min(number, MOST_COUNTED), exact=number <= MOST_COUNTED)
        most = MOST_COUNTED if self._meant is None else MOST_WALKED
        edge = self._edge(whole)
        # In the order of the index: PostgreSQL would else read the whole rows.
        number = self._number(_sorted(*self._found(whole, edge), upwards=False), most)
        return Counted(min(number, most), exact=number <= most and edge is None)

    def _number(self, query: Select[Any], most: int) -> int:
        some = query.limit(_exactly(most + 1)).subquery()
        return self._connection.scalars(select(func.count()).select_from(some)).one()

    def _edge(self, search: Search) -> Cursor | None:
        """Tell where a walk stops; None where it comes to the end, or where every walked row fits."""
        if self._few is not None or not self._rest:
            return None
        if search not in self._edges:
            self._edges[search] = self._walked_to(search)
        return self._edges[search]

    def _walked_to(self, search: Search) -> Cursor | None:
        walk = select(_v.opened_at, _v.id).where(*self._lane, *_beyond(_v, search))
        last = _sorted(walk, _v, upwards=search.before is not None).offset(_exactly(LOOKED - 1)).limit(_exactly(1))
        row = self._connection.execute(last).first()
        return None if row is None else (row.opened_at, row.id)

    def _found(self, search: Search, edge: Cursor | None) -> tuple[Select[Any], Columns]:
        if self._few is not None:
            return _united(self._few, search)
        stop = [_until(edge, upwards=search.before is not None)] if edge else []
        wanted = [*self._lane, *_beyond(_v, search), *stop, *self._rest]
        return select(_v.opened_at, _v.id).where(*wanted), _v

    @cached_property
    def _equal(self) -> dict[str, str]:
        s = self._search
        named = {"agent_id": s.agent_id, "category": s.category, "status": s.status, "risk_level": s.level}
        return {name: value for name, value in {**named, "need": s.need.value}.items() if value}

    @cached_property
    def _lead(self) -> str:
        """Choose the filter whose index is walked: of several the rarest, a need before all.

        Rare is whose newest rows, a tenth of LOOKED, reach back furthest, and rarer who has not so many.
        """
        if self._search.need:
            return "need"
        if len(self._equal) < 2:  # noqa: PLR2004 - one leaves no choice
            return next(iter(self._equal), "")
        reached = [self._reach_of(name).label(f"n{n}") for n, name in enumerate(self._equal)]
        row = self._connection.execute(select(*reached)).one()
        return min(zip(row, self._equal, strict=True), key=lambda pair: (pair[0] is not None, pair[0]))[1]

    def _reach_of(self, name: str) -> ScalarSelect[datetime]:
        same = select(_v.opened_at).where(_v[name] == self._equal[name], *_within(self._search))
        return (
            _sorted(same, _v, upwards=False)
            .offset(_exactly(max(LOOKED // 10, 1) - 1))
            .limit(_exactly(1))
            .scalar_subquery()
        )

    @cached_property
    def _lane(self) -> list[ColumnElement[bool]]:
        """Give what the walked index is narrowed by."""
        lead = [_v[self._lead] == self._equal[self._lead]] if self._lead else []
        lead += [is_filled(_v.need)] if self._lead == "need" else []
        return [*lead, *_within(self._search)]

    @cached_property
    def _rest(self) -> list[ColumnElement[bool]]:
        """Give what is left to be looked at on each walked row."""
        rest = [_v[name] == value for name, value in self._equal.items() if name != self._lead]
        rest += _further(self._dialect, self._search)
        return [*rest, self._meant.fits()] if self._meant else rest

    @cached_property
    def _few(self) -> list[Select[Any]] | None:
        """Give the rows that a text or number means where they are few; None where the walk finds them sooner."""
        ways = self._ways()
        if ways is None:
            return None
        more = [_v[name] == value for name, value in self._equal.items()]
        more += [*_within(self._search), *_further(self._dialect, self._search)]
        few = [select(_v.opened_at, _v.id).where(way, *more) for way in ways]
        return few if self._dialect == "sqlite" else [_apart(one) for one in few]

    def _ways(self) -> list[ColumnElement[bool]] | None:
        if self._search.number:
            number = self._search.number
            return [ends_in(_v.number_tail, tail_of(number)) & (_v.ticket_number == number)]
        if self._meant is None:
            return None
        many = self._meant.requesters.crowd or self._meant.requesters.times > MOST_COUNTED
        if self._meant.terms.words and (many or self._busy(self._meant.agents)):
            return None
        return list(self._meant.ways()) or [false()]

    @cached_property
    def _meant(self) -> Meant | None:
        if not self._search.text.strip():
            return None
        terms = terms_of(self._search.text)
        found = self._connection.execute(_AGENTS).all()
        named = tuple(row.id for row in found if terms.words and terms.name(row.name))
        return Meant(terms, matched(self._connection, terms), named, self._dialect)

    def _busy(self, named: tuple[str, ...]) -> bool:
        if not named:
            return False
        mine = is_one_of(self._dialect, _v.agent_id, named)
        theirs = select(literal(1)).select_from(verifications).where(mine)
        some = theirs.limit(_exactly(MOST_COUNTED + 1)).subquery()
        return self._connection.scalars(select(func.count()).select_from(some)).one() > MOST_COUNTED


def listed(connection: Connection, wanted: ColumnElement[bool]) -> tuple[Listed, ...]:
    """Read the rows that are wanted, newest first."""
    rows = [Listed(*row) for row in connection.execute(select(*_LISTED).where(wanted)).all()]
    return tuple(sorted(rows, key=lambda row: row.cursor, reverse=True))


def _apart(query: Select[Any]) -> Select[Any]:
    """Keep the sorting out, by OFFSET 0: PostgreSQL would rather walk the newest rows, however far that is."""
    found = query.offset(0).subquery().c
    return select(found.opened_at, found.id)


def _united(few: list[Select[Any]], search: Search) -> tuple[Select[Any], Columns]:
    found = union_all(*few).subquery().c
    return select(found.opened_at, found.id).where(*_beyond(found, search)), found


def _sorted(query: Select[Any], place: Columns, *, upwards: bool) -> Select[Any]:
    order = (place.opened_at, place.id)
    return query.order_by(*(order if upwards else (column.desc() for column in order)))


def _exactly(number: int) -> ColumnElement[int]:
    """Write a number out: of one that it is told later PostgreSQL expects too much, and plans anew each time."""
    return literal_column(str(number), Integer)


def _within(search: Search) -> Iterator[ColumnElement[bool]]:
    if search.since:
        yield _v.opened_at >= search.since
    if search.until:
        yield _v.opened_at < search.until


def _further(dialect: str, search: Search) -> Iterator[ColumnElement[bool]]:
    if search.score is not None:
        yield _v.risk_score >= search.score
    if search.reached:
        yield _v.reached.contains(written([search.reached]), autoescape=True)
    if search.agents:
        yield is_among(dialect, _v.agent_id, search.agents)


def _beyond(columns: Columns, search: Search) -> Iterator[ColumnElement[bool]]:
    if search.after:
        yield older_than(search.after, columns)
    if search.before:
        yield tuple_(columns.opened_at, columns.id) > _bound(search.before)


def older_than(cursor: Cursor, columns: Columns = _v) -> ColumnElement[bool]:
    """Tell whether a row comes after this one in the table."""
    older: ColumnElement[bool] = tuple_(columns.opened_at, columns.id) < _bound(cursor)
    return older


def _until(edge: Cursor, *, upwards: bool) -> ColumnElement[bool]:
    place = tuple_(_v.opened_at, _v.id)
    within: ColumnElement[bool] = place <= _bound(edge) if upwards else place >= _bound(edge)
    return within


def _bound(cursor: Cursor) -> Any:
    return tuple_(literal(cursor[0], UtcTime()), literal(cursor[1]))
