"""Statements that every verdict reads: written once for each kind of database, and run as they are."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg

from deskward.store.database import Database

Turn = Callable[[Any], Any]
# Each connection keeps one, which psycopg takes as long to make as to read a few rows.
_CURSOR = "deskward_cursor"
# Both take parameters by name.
_DIALECTS: Mapping[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": psycopg.dialect(),  # type: ignore[no-untyped-call]
}


@dataclass(frozen=True)
class _Form:
    """A statement for one kind of database: its text, what never changes in it, and what turns which values.

    NULL is turned into nothing else.
    """

    text: str
    fixed: Mapping[str, Any]
    asked: Sequence[tuple[str, Turn | None]]
    told: Sequence[tuple[int, Turn]]


class Written:
    """A select whose parameters have names and are no lists; its rows are plain tuples, typed as its columns.

    SQLAlchemy's own way looks text, parameters and columns up at each execution, which costs several times what
    SQLite takes for a few rows: so it writes the statement, and the driver's cursor runs it. Errors are the
    driver's. `select` makes the statement for “sqlite” or “postgresql”.
    """

    def __init__(self, select: Callable[[str], Select[Any]]) -> None:
        self._select = select
        self._forms: dict[str, _Form] = {}

    def rows(self, database: Database, told: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        """Run it with a value for each parameter; KeyError where one is missing."""
        with database.driver() as driver:
            return self._run(database.dialect, driver, told)

    def rows_in(self, connection: Connection, told: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        """Run it in the transaction of a connection."""
        return self._run(connection.dialect.name, connection.connection, told)

    def _run(self, kind: str, driver: Any, told: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        form = self._form(kind)
        values = {name: turn(told[name]) if turn else told[name] for name, turn in form.asked}
        cursor = driver.info.get(_CURSOR)
        if cursor is None:
            cursor = driver.info[_CURSOR] = driver.cursor()
        cursor.execute(form.text, {**form.fixed, **values})
        rows = cursor.fetchall()
        return [_turned(row, form.told) for row in rows] if form.told else rows

    def _form(self, kind: str) -> _Form:
        if kind not in self._forms:
            self._forms[kind] = _made(self._select(kind), _DIALECTS[kind])
        return self._forms[kind]


def _made(select: Select[Any], dialect: Dialect) -> _Form:
    written = select.compile(dialect=dialect)
    binds = {name: bind for bind, name in written.bind_names.items()}
    asked = {name: bind.type.dialect_impl(dialect) for name, bind in binds.items() if bind.required}
    columns = [column.type.dialect_impl(dialect) for column in select.selected_columns]
    turns = enumerate(impl.result_processor(dialect, None) for impl in columns)
    return _Form(
        str(written),
        {name: bind.value for name, bind in binds.items() if not bind.required},
        [(name, impl.bind_processor(dialect)) for name, impl in asked.items()],
        [(n, turn) for n, turn in turns if turn],
    )


def _turned(row: tuple[Any, ...], told: Iterable[tuple[int, Turn]]) -> tuple[Any, ...]:
    values: list[Any] | None = None
    for n, turn in told:
        if row[n] is not None:
            values = values or list(row)
            values[n] = turn(row[n])
    return tuple(values) if values else row
