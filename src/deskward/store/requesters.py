"""Requesters in a small table of their own, so that a search by name need not read the big one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, and_, bindparam, func, insert, select

from deskward.core.searching import Terms, parts_of, searched_words
from deskward.store.conditions import escaped, holds
from deskward.store.database import upserting
from deskward.store.tables import requester_parts, requesters

CROWD = 2_000
MOST_MATCHED = 1_000
MOST_PARTS = 8
_r, _p, _o = requesters.c, requester_parts.c, requester_parts.alias("other").c


@dataclass(frozen=True)
class Matched:
    """Requesters whose words fit, by number, and how many verifications they have together.

    `crowd`: there are too many to list; then `numbers` is empty.
    """

    numbers: Sequence[int] = ()
    times: int = 0
    crowd: bool = False


def counted_in(connection: Connection, name: str, email: str) -> int:
    """Count one more verification of a requester; gives the requester's number."""
    words = searched_words(name, email)
    added = upserting(connection, requesters).values(words=words, times=1)
    again = added.on_conflict_do_update(index_elements=["words"], set_={"times": _r.times + 1})
    number, times = connection.execute(again.returning(_r.number, _r.times)).one()
    parts = [{"part": part, "requester_number": number} for part in sorted(parts_of(words))]
    if times == 1 and parts:
        connection.execute(insert(requester_parts), parts)
    return int(number)


def matched(connection: Connection, terms: Terms) -> Matched:
    """Find requesters by their two rarest parts, then by all words."""
    if not terms.parts:
        return Matched()
    shared = sorted(_shared(connection, terms.parts[:MOST_PARTS]))
    (sharing, rarest), (_, other) = shared[0], shared[:2][-1]
    if sharing > CROWD:
        return Matched(crowd=True)
    told = {"part": rarest, "other": other, "most": MOST_MATCHED + 1, **needles_of(terms)}
    rows = connection.execute(_fitting(len(terms.needles)), told).all()
    if len(rows) > MOST_MATCHED:
        return Matched(crowd=True)
    return Matched([number for number, _ in rows], sum(times for _, times in rows))


def needles_of(terms: Terms) -> dict[str, str]:
    """Give what a requester's words must hold, by the names that `fits_requester` asks for."""
    return {f"needle{n}": escaped(needle) for n, needle in enumerate(terms.needles)}


def fits_requester(number: ColumnElement[int], needles: int) -> ColumnElement[bool]:
    """Tell whether the requester with this number holds so many needles; asked row by row."""
    words = select(_r.words).where(_r.number == number).scalar_subquery()
    return and_(*(holds(words, f"needle{n}") for n in range(needles)))


@cache
def _fitting(needles: int) -> Select[Any]:
    same = _o.requester_number == _p.requester_number
    both = select(_p.requester_number).where(_p.part == bindparam("part"), _o.part == bindparam("other"), same)
    # OFFSET 0 keeps PostgreSQL from looking at the words first, for each of the rarest part.
    number = both.offset(0).subquery().c.requester_number
    # Asked for one by one: PostgreSQL would rather read the whole table of requesters.
    times_of = select(_r.times).where(_r.number == number).scalar_subquery()
    fitting = select(number, times_of).where(fits_requester(number, needles))
    return fitting.limit(bindparam("most", type_=Integer))


def _shared(connection: Connection, parts: Sequence[str]) -> list[tuple[int, str]]:
    """Count the requesters of each part, up to CROWD + 1."""
    told = {f"part{n}": part for n, part in enumerate(parts)}
    row = connection.execute(_counts(len(parts)), {**told, "most": CROWD + 1}).one()
    return list(zip(row, parts, strict=True))


@cache
def _counts(number: int) -> Select[Any]:
    """Write the statement for so many parts once: to write it costs more than to run it."""
    wanted = (_p.part == bindparam(f"part{n}") for n in range(number))
    few = (select(_p.part).where(one).limit(bindparam("most", type_=Integer)).subquery() for one in wanted)
    counts = (select(func.count()).select_from(one).scalar_subquery() for one in few)
    return select(*(count.label(f"n{n}") for n, count in enumerate(counts)))
