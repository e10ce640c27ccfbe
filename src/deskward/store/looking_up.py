"""How a search of the table is looked up so that it stays fast on ten million rows.

Two ways. Where text and number mean few rows, these are found by their own indexes and sorted. Otherwise the rows
are walked newest first along one index, at most LOOKED at a time. What one walk does not reach, the next page
does.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from deskward.core.console import MOST_COUNTED, Counted, Cursor, Listed, Search
from deskward.core.searching import tail_of, terms_of
from deskward.store import search_statements as statements
from deskward.store.conditions import escaped
from deskward.store.requesters import Matched, matched, needles_of
from deskward.store.search_statements import Shape
from deskward.store.summing import written

LOOKED = 10_000
MOST_WALKED = 1_000
Values = dict[str, Any]


class Lookup:
    """One search on one connection."""

    def __init__(self, connection: Connection, search: Search) -> None:
        self._connection = connection
        self._search = search
        self._terms = terms_of("" if search.number else search.text)

    def page(self, size: int) -> tuple[tuple[Listed, ...], Cursor | None]:
        """Give the next rows, newest first, and where the walk stopped before it had so many.

        With `before` these are the rows next to it.
        """
        shape, values = self._at(after=self._search.after, before=self._search.before)
        rows = self._rows(shape, values, size)
        if len(rows) == size or not shape.looks:
            return rows, None
        last = self._connection.execute(statements.edge(shape), values).first()
        if last is None:
            return rows, None
        # Read again up to there: by now another row may be the last of the walk.
        edge: Cursor = (last.opened_at, last.id)
        return self._rows(shape.at("edge"), values | _place("edge", edge), size), edge

    def count(self, before: Cursor | None = None) -> Counted:
        """Count all rows, or those that are newer; on a walk with a text up to MOST_WALKED.

        Where a text alone is asked for, the rows of its requesters are counted already.
        """
        shape, values = self._at(before=before)
        alone = shape.told <= {"text", "numbers", "named", "id", "ticket", "tail"}
        known = self._matched.times if alone else 0
        if known > MOST_COUNTED or shape.told == {"text", "numbers"}:
            return Counted(min(known, MOST_COUNTED), exact=known <= MOST_COUNTED)
        most = MOST_WALKED if self._terms.words and not shape.few else MOST_COUNTED
        row = self._connection.execute(statements.count(shape, most, known=known > 0), values).one()
        number = known + row.number
        return Counted(min(number, most), exact=number <= most and row.edge is None)

    def _rows(self, shape: Shape, values: Values, size: int) -> tuple[Listed, ...]:
        return in_order(self._connection.execute(statements.page(shape, size), values).all())

    def _at(self, **places: Cursor | None) -> tuple[Shape, Values]:
        """Give the shape and the values of the search at these places."""
        values = dict(self._values)
        for name, place in places.items():
            values |= _place(name, place) if place else {}
        return self._shape.at(*(name for name, place in places.items() if place)), values

    @cached_property
    def _values(self) -> Values:
        """Give what is told to the statements, by name, but for the places."""
        s = self._search
        told = {
            "agent_id": s.agent_id,
            "category": s.category,
            "status": s.status,
            "risk_level": s.level,
            "need": s.need.value,
            "agents": s.agents,
            "reached": s.reached and escaped(written([s.reached])),
            "number": s.number,
            **self._meant,
            **self._needles,
        }
        maybe = {"since": s.since, "until": s.until, "score": s.score, "tail": self._tail}
        return {name: value for name, value in told.items() if value} | {
            name: value for name, value in maybe.items() if value is not None
        }

    @cached_property
    def _meant(self) -> Values:
        """Give what the text can mean; nothing beside a number."""
        if self._search.number:
            return {}
        word = self._terms.single
        return {
            "text": self._search.text.strip(),
            "numbers": self._matched.numbers,
            "named": self._search.named if self._terms.words else (),
            "id": word.upper(),
            "ticket": "" if self._tail is None else escaped(word),
        }

    @cached_property
    def _needles(self) -> dict[str, str]:
        return needles_of(self._terms) if self._matched.crowd else {}

    @cached_property
    def _tail(self) -> int | None:
        return tail_of(self._search.number or self._terms.single)

    @cached_property
    def _matched(self) -> Matched:
        return matched(self._connection, self._terms)

    @cached_property
    def _shape(self) -> Shape:
        told = frozenset(self._values.keys() - self._needles.keys())
        shape = Shape(self._connection.dialect.name, LOOKED, told, len(self._needles), few=self._few)
        return shape if shape.few else replace(shape, lead=self._lead(shape))

    @cached_property
    def _few(self) -> bool:
        """Tell whether text or number mean so few rows that no walk finds them sooner."""
        if "text" not in self._values:
            return "number" in self._values
        many = self._matched.crowd or self._matched.times > MOST_COUNTED
        return not (self._terms.words and (many or self._busy()))

    def _busy(self) -> bool:
        """Tell whether the agents that are meant have more rows than are counted."""
        if "named" not in self._values:
            return False
        theirs = statements.rows_of(self._connection.dialect.name, MOST_COUNTED)
        return int(self._connection.scalars(theirs, self._values).one()) > MOST_COUNTED

    def _lead(self, shape: Shape) -> str:
        """Choose the filter whose index is walked: of several the rarest, a need before all.

        Rare is whose newest rows, a tenth of a walk, reach back furthest, and rarer who has not so many.
        """
        if self._search.need or len(shape.equal) < 2:  # noqa: PLR2004 - one leaves no choice
            return "need" if self._search.need else next(iter(shape.equal), "")
        row = self._connection.execute(statements.reaches(shape), self._values).one()
        return min(zip(row, shape.equal, strict=True), key=lambda pair: (pair[0] is not None, pair[0]))[1]


def in_order(rows: Iterable[Any]) -> tuple[Listed, ...]:
    """Give rows of the table newest first."""
    return tuple(sorted((Listed(*row) for row in rows), key=lambda row: row.cursor, reverse=True))


def _place(name: str, place: Cursor) -> Values:
    return {f"{name}_at": place[0], f"{name}_id": place[1]}
