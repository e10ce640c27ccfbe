"""SQL statements of a test run: compiled once for all databases of a kind, and heard of."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from deskward.store.written import Written


class _Shared:
    """In the place of an engine's own memory of compiled statements: the first one's of its kind of database."""

    def __init__(self) -> None:
        self._compiled: dict[str, Any] = {}

    def __get__(self, engine: Engine, _: type[Engine]) -> Any:
        return self._compiled[engine.dialect.name]

    def __set__(self, engine: Engine, compiled: Any) -> None:
        self._compiled.setdefault(engine.dialect.name, compiled)


def share_compiled() -> None:
    """Let engines of a kind share what they compiled, which else each test's own engine does anew."""
    for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        setattr(kind, "__eq__", lambda self, other: self.name == other.name)  # noqa: B010
        setattr(kind, "__hash__", lambda self: hash(self.name))  # noqa: B010
    setattr(Engine, "_compiled_cache", _Shared())  # noqa: B010


@contextmanager
def hearing_written(hear: Callable[[], None]) -> Iterator[None]:
    """Tell of each statement that the driver's own cursor runs, of which no event of SQLAlchemy tells."""
    run = Written._run

    def heard(written: Written, *told: Any) -> Any:
        hear()
        return run(written, *told)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Written, "_run", heard)
        yield


def plan_of(written: Written, connection: Connection, told: Mapping[str, Any]) -> list[str]:
    """Give the lines in which the database says how it would find the rows."""
    kind = connection.dialect.name
    form = written._form(kind)
    explain = "EXPLAIN QUERY PLAN" if kind == "sqlite" else "EXPLAIN"
    explaining = Written(written._select)
    explaining._forms[kind] = replace(form, text=f"{explain} {form.text}", told=[])
    return [str(row) for row in explaining.rows_in(connection, told)]
