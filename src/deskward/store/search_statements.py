"""The statements of a search, written once for each shape of it: to write one costs more than to run it.

A walk reads one index, newest first, at most `looked` rows, and looks at each whether it fits. The index holds
everything that is filtered by, so that a row that does not fit is not read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    Subquery,
    and_,
    bindparam,
    false,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    tuple_,
    union_all,
)

from deskward.core.console import Listed
from deskward.store.columns import UtcTime, hints_of
from deskward.store.conditions import ends_in, holds, is_among, is_filled, is_one_of
from deskward.store.requesters import fits_requester
from deskward.store.tables import verifications

EQUAL = ("agent_id", "category", "status", "risk_level", "need")
MOST_KEPT = 256
LISTED = tuple(verifications.c[name] for name in hints_of(Listed))
_v, _again = verifications.c, verifications.alias("again").c
_READ = {name: name for name in EQUAL} | {
    "score": "risk_score",
    "reached": "reached",
    "agents": "agent_id",
    "named": "agent_id",
    "numbers": "requester_number",
}
Columns = Any  # of the table, of its alias, or of a subquery with the same names


@dataclass(frozen=True)
class Shape:
    """A search without its values; `told` names those that the statements are asked with.

    Filters are the columns of EQUAL with one value each, `since`, `until`, `score`, `reached` and `agents`. A
    `text` means the `numbers` of requesters, or so many `needles` of which a walked requester holds all, the
    `named` agents, the `id` of a verification, or the `ticket` whose number ends in `tail`; `number` is a ticket's
    very number. Places are `after`, `before` and `edge`. `lead` is the filter whose index is walked; with `few`
    nothing is walked, but what the text or number means is found by its own indexes.
    """

    dialect: str
    looked: int
    told: frozenset[str] = frozenset()
    needles: int = 0
    lead: str = ""
    few: bool = False

    @property
    def equal(self) -> tuple[str, ...]:
        """Give the columns with one value each."""
        return tuple(name for name in EQUAL if name in self.told)

    @property
    def looks(self) -> bool:
        """Tell whether it is to be looked at each walked row: else every one fits."""
        return not self.few and bool({*_READ, "text"} & self.told - {self.lead})

    def at(self, *places: str) -> "Shape":
        """Give the same at these places besides."""
        return replace(self, told=self.told | {*places})


@lru_cache(MOST_KEPT)
def page(shape: Shape, size: int) -> Select[Any]:
    """Read the next rows of the table, in no order; with `before` those next to it."""
    query, place = _found(shape)
    if not _is_walked_in_order(shape):
        query = _sorted(query, place, upwards="before" in shape.told)
    found = query.limit(exactly(size)).subquery()
    return select(*LISTED).where(_v.id.in_(select(found.c.id)))


@lru_cache(MOST_KEPT)
def count(shape: Shape, most: int, *, known: bool = False) -> Select[Any]:
    """Count the rows up to most + 1, as `number`; `edge` is not null where the walk stops before the end.

    What is meant by `numbers` is left out where it is `known`.
    """
    last = edge(shape).with_only_columns(_v.opened_at).scalar_subquery() if shape.looks else null()
    if known:
        query = _united(list(_ways(shape))[1:], shape)[0]
    else:
        query = _found(shape)[0]
        if not shape.few and not shape.looks:
            # In the order of the index: PostgreSQL would else read the whole rows.
            query = _sorted(query, _v, upwards=False)
    some = query.limit(exactly(most + 1)).subquery()
    number = select(func.count()).select_from(some).scalar_subquery()
    return select(number.label("number"), last.label("edge"))


@lru_cache(MOST_KEPT)
def edge(shape: Shape) -> Select[Any]:
    """Read where a walk stops: `opened_at` and `id` of its last row; none where the rows end before."""
    return _walked(shape, ()).offset(exactly(shape.looked - 1)).limit(exactly(1))


@lru_cache(MOST_KEPT)
def reaches(shape: Shape) -> Select[Any]:
    """Read how far back each filter's newest rows reach, a tenth of a walk; null where there are not so many."""
    reached: list[Any] = [_reach_of(shape, name).label(name) for name in shape.equal]
    return select(*reached)


@lru_cache
def of_ids(dialect: str) -> Select[Any]:
    """Read the rows with these `ids`, in no order."""
    return select(*LISTED).where(is_one_of(dialect, _v.id, "ids"))


@lru_cache
def rows_of(dialect: str, most: int) -> Select[Any]:
    """Count the rows of `named` agents up to most + 1."""
    theirs = select(literal(1)).select_from(verifications).where(is_one_of(dialect, _v.agent_id, "named"))
    return select(func.count()).select_from(theirs.limit(exactly(most + 1)).subquery())


def exactly(number: int) -> ColumnElement[int]:
    """Write a number out: of one that it is told later PostgreSQL expects too much, and plans anew each time."""
    return literal_column(str(number), Integer)


def _found(shape: Shape) -> tuple[Select[Any], Columns]:
    if shape.few:
        return _united(list(_ways(shape)), shape)
    if not shape.looks:
        return select(_v.opened_at, _v.id).where(*_lane(shape), *_beyond(_v, shape)), _v
    walked = _walk(shape).c
    return select(walked.opened_at, walked.id).where(*_rest(walked, shape)), walked


def _is_walked_in_order(shape: Shape) -> bool:
    """Tell whether the rows come in their order already: SQLite would sort all that were walked once more."""
    return shape.looks and shape.dialect == "sqlite"


def _walk(shape: Shape) -> Subquery:
    read = dict.fromkeys(_READ[name] for name in _READ if name in shape.told and name != shape.lead)
    if shape.needles:
        read |= {"requester_number": None}
    return _walked(shape, read).limit(exactly(shape.looked)).subquery()


def _walked(shape: Shape, read: Iterable[str]) -> Select[Any]:
    """Give the rows of a walk in its order, with their places and what else is to be read of them."""
    walk = select(_v.opened_at, _v.id, *(_v[name] for name in read)).where(*_lane(shape), *_beyond(_v, shape))
    return _sorted(walk, _v, upwards="before" in shape.told)


def _reach_of(shape: Shape, name: str) -> ScalarSelect[datetime]:
    same = select(_v.opened_at).where(_v[name] == bindparam(name), *_within(_v, shape))
    newest = _sorted(same, _v, upwards=False)
    return newest.offset(exactly(max(shape.looked // 10, 1) - 1)).limit(exactly(1)).scalar_subquery()


def _lane(shape: Shape) -> Iterator[ColumnElement[bool]]:
    """Give what the walked index is narrowed by."""
    if shape.lead:
        yield _v[shape.lead] == bindparam(shape.lead)
    if shape.lead == "need":
        yield is_filled(_v.need)
    yield from _within(_v, shape)


def _rest(walked: Columns, shape: Shape) -> Iterator[ColumnElement[bool]]:
    """Give what is left to be looked at on each walked row."""
    yield from (walked[name] == bindparam(name) for name in shape.equal if name != shape.lead)
    yield from _further(walked, shape)
    if "text" in shape.told:
        yield or_(false(), *_fitting(walked, shape))


def _fitting(walked: Columns, shape: Shape) -> Iterator[ColumnElement[bool]]:
    """Give for each meaning of the text the condition that knows a walked row."""
    if "named" in shape.told:
        yield is_among(shape.dialect, walked.agent_id, "named")
    if shape.needles:
        yield fits_requester(walked.requester_number, shape.needles)
    elif "numbers" in shape.told:
        yield is_among(shape.dialect, walked.requester_number, "numbers")
    yield from (walked.id.in_(select(_again.id).where(way)) for way in _one(_again, shape))


def _ways(shape: Shape) -> Iterator[Select[Any]]:
    """Find what a text or number means, each meaning by an index of its own; no row fits two of them."""
    more = [_v[name] == bindparam(name) for name in shape.equal]
    more += [*_within(_v, shape), *_further(_v, shape)]
    for way in _exclusive(list(_meanings(shape))) or [false()]:
        found = select(_v.opened_at, _v.id).where(way, *more)
        yield found if shape.dialect == "sqlite" else _apart(found)


def _exclusive(meanings: list[tuple[ColumnElement[bool], ColumnElement[bool]]]) -> list[ColumnElement[bool]]:
    return [
        and_(by_index, *(not_(by_row) for _, by_row in meanings[:n])) for n, (by_index, _) in enumerate(meanings)
    ]


def _meanings(shape: Shape) -> Iterator[tuple[ColumnElement[bool], ColumnElement[bool]]]:
    """Give for each meaning the condition that finds its rows, and the one that knows a row found otherwise."""
    if "number" in shape.told:
        tail: Any = bindparam("tail") if "tail" in shape.told else None
        way = ends_in(_v.number_tail, tail) & (_v.ticket_number == bindparam("number"))
        yield way, way
    for column, name in ((_v.requester_number, "numbers"), (_v.agent_id, "named")):
        if name in shape.told:
            yield is_one_of(shape.dialect, column, name), is_among(shape.dialect, column, name)
    yield from ((way, way) for way in _one(_v, shape))


def _one(columns: Columns, shape: Shape) -> Iterator[ColumnElement[bool]]:
    if "id" in shape.told:
        yield columns.id == bindparam("id")
    if "ticket" in shape.told:
        lowered = func.lower(columns.ticket_number)
        yield ends_in(columns.number_tail, bindparam("tail")) & holds(lowered, "ticket")


def _apart(query: Select[Any]) -> Select[Any]:
    """Keep the sorting out, by OFFSET 0: PostgreSQL would rather walk the newest rows, however far that is."""
    found = query.offset(0).subquery().c
    return select(found.opened_at, found.id)


def _united(ways: list[Select[Any]], shape: Shape) -> tuple[Select[Any], Columns]:
    found = union_all(*ways).subquery().c
    return select(found.opened_at, found.id).where(*_beyond(found, shape)), found


def _sorted(query: Select[Any], place: Columns, *, upwards: bool) -> Select[Any]:
    order = (place.opened_at, place.id)
    return query.order_by(*(order if upwards else (column.desc() for column in order)))


def _within(columns: Columns, shape: Shape) -> Iterator[ColumnElement[bool]]:
    if "since" in shape.told:
        yield columns.opened_at >= bindparam("since")
    if "until" in shape.told:
        yield columns.opened_at < bindparam("until")


def _further(columns: Columns, shape: Shape) -> Iterator[ColumnElement[bool]]:
    if "score" in shape.told:
        yield columns.risk_score >= bindparam("score")
    if "reached" in shape.told:
        yield holds(columns.reached, "reached")
    if "agents" in shape.told:
        yield is_among(shape.dialect, columns.agent_id, "agents")


def _beyond(columns: Columns, shape: Shape) -> Iterator[ColumnElement[bool]]:
    """Tell on which side of the places a row is; the edge is the last row of a walk, and belongs to it."""
    place = tuple_(columns.opened_at, columns.id)
    if "after" in shape.told:
        yield place < _bound("after")
    if "before" in shape.told:
        yield place > _bound("before")
    if "edge" in shape.told:
        yield place <= _bound("edge") if "before" in shape.told else place >= _bound("edge")


def _bound(name: str) -> Any:
    return tuple_(bindparam(f"{name}_at", type_=UtcTime()), bindparam(f"{name}_id"))
