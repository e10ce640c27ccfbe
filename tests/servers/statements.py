"""One compiled form of each SQL statement for all databases of a kind that a test run opens."""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite


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
