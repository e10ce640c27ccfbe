"""The connection to the database: SQLite with one writer, or PostgreSQL with a pool."""

import os
import select
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from threading import Lock, local
from time import monotonic
from typing import Any, Protocol

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, InvalidatePoolError

from deskward.core.errors import SettingsError

READERS = 6
BUSY_MS = 10_000
# Seconds; as long as HikariCP takes a connection for alive after its last use (`aliveBypassWindowMs`).
RESTED = 0.5
# Each statement stands alone, so that a connection is given back without a word.
_ALONE: dict[str, Any] = {
    "isolation_level": "AUTOCOMMIT",
    "skip_autocommit_rollback": True,
    "pool_reset_on_return": None,
    "hide_parameters": True,
}


class Database(Protocol):
    """Where rows are; `dialect` is “sqlite” or “postgresql”."""

    dialect: str
    url: URL

    def read(self) -> AbstractContextManager[Connection]:
        """Give a connection for reading; every statement sees what is committed."""
        ...

    def driver(self) -> AbstractContextManager[Any]:
        """Give the driver's own connection for reading, which takes less than `read`."""
        ...

    def sharing(self) -> AbstractContextManager[None]:
        """Let all reads of this thread have one connection until the end of the block; a write gives it back."""
        ...

    def write(self) -> AbstractContextManager[Connection]:
        """Give a connection in a transaction: commits at the end, rolls back on any error."""
        ...

    def write_one(self) -> AbstractContextManager[Connection]:
        """Give a connection for one writing statement, which is a transaction of its own."""
        ...

    def seconds(self) -> float:
        """Read the database's own clock, in seconds since 1970."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


def connect(url: str) -> Database:
    """Choose by the scheme: `sqlite:///path` or `postgresql://…`; SettingsError for anything else."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError("The database address is not a URL.", _ADVICE) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database and parsed.database != ":memory:":
        return SqliteDatabase(parsed)
    if backend == "postgresql":
        return PostgresDatabase(parsed.set(drivername="postgresql+psycopg"))
    raise SettingsError("The database address names no database that can be used.", _ADVICE)


_ADVICE = "Write sqlite:///path/to/file or postgresql://name@host/database."


class _Readers(local):
    """Lends connections for reading, each thread its own; within `sharing` the same one again and again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._shared = False
        self._kept: Connection | None = None
        self._lent = 0

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """Keep the first connection that is lent until the end of the outermost block."""
        outer, self._shared = self._shared, True
        try:
            yield
        finally:
            self._shared = outer
            if not outer:
                self.give_back()

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        """Lend one; one that an error went through is not lent again."""
        if not self._shared:
            with self._engine.connect() as connection:
                yield connection
            return
        connection = self._kept = self._kept or self._engine.connect()
        self._lent += 1
        try:
            yield connection
        except BaseException:
            self._lent -= 1
            self.give_back()
            raise
        self._lent -= 1

    @contextmanager
    def lend_driver(self) -> Iterator[Any]:
        """Lend the driver's own, without SQLAlchemy's around it."""
        if self._shared:
            with self.lend() as connection:
                yield connection.connection
        else:
            with closing(self._engine.raw_connection()) as driver:
                yield driver

    def give_back(self) -> None:
        """Give back what is kept and not lent: who waits for a writer keeps no reader from others."""
        if self._kept is not None and not self._lent:
            kept, self._kept = self._kept, None
            kept.close()


class SqliteDatabase:
    """One file; all writes of the process go through one connection under one lock."""

    dialect = "sqlite"

    def __init__(self, url: URL) -> None:
        self.url = url
        _make_private(Path(url.database or ""))
        self._lock = Lock()
        self._writer = create_engine(url, pool_size=1, max_overflow=0, hide_parameters=True)
        event.listen(self._writer, "connect", _prepare_writer)
        event.listen(self._writer, "begin", _begin_immediate)
        # Once for the engine: a change on a connection makes SQLite compile all of its statements anew.
        self._reading = create_engine(url, pool_size=READERS, max_overflow=10, **_ALONE)
        event.listen(self._reading, "connect", _prepare_reader)
        self._readers = _Readers(self._reading)

    def read(self) -> AbstractContextManager[Connection]:
        """Give a reading connection; it cannot write."""
        return self._readers.lend()

    def driver(self) -> AbstractContextManager[Any]:
        """Give the driver's connection."""
        return self._readers.lend_driver()

    def sharing(self) -> AbstractContextManager[None]:
        """Let all reads of this thread have one connection."""
        return self._readers.sharing()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give the one writing connection in a transaction that has the write lock from its start."""
        self._readers.give_back()
        with self._lock, self._writer.begin() as connection:
            yield connection

    def write_one(self) -> AbstractContextManager[Connection]:
        """Give the one writing connection; its transaction has one statement."""
        return self.write()

    def seconds(self) -> float:
        """Read SQLite's clock, which is this machine's."""
        with self.read() as connection:
            return float(connection.scalar(text("SELECT (julianday('now') - 2440587.5) * 86400.0")))

    def close(self) -> None:
        """Close the file."""
        self._reading.dispose()
        self._writer.dispose()


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _prepare_writer(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_reader(connection: Any, _record: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA query_only = ON")


def upserting(connection: Connection, table: Any) -> Any:
    """Begin an insert that may say what to do where the row is there: each database has one of its own."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


class PostgresDatabase:
    """A PostgreSQL server, by psycopg 3 and a pool."""

    dialect = "postgresql"

    def __init__(self, url: URL) -> None:
        self.url = url
        reading = create_engine(url, pool_size=10, max_overflow=20, **_ALONE)
        event.listen(reading, "checkin", _note_use)
        event.listen(reading, "checkout", _see_that_it_lives)
        self._readers = _Readers(reading)
        # The same pool: a transaction turns a connection over and back, which would cost a read as much again.
        self._engine: Engine = reading.execution_options(isolation_level="READ COMMITTED")

    def read(self) -> AbstractContextManager[Connection]:
        """Give a connection whose statements stand alone."""
        return self._readers.lend()

    def driver(self) -> AbstractContextManager[Any]:
        """Give the driver's connection."""
        return self._readers.lend_driver()

    def sharing(self) -> AbstractContextManager[None]:
        """Let all reads of this thread have one connection."""
        return self._readers.sharing()

    def write(self) -> AbstractContextManager[Connection]:
        """Give a connection in a transaction."""
        self._readers.give_back()
        return self._engine.begin()

    def write_one(self) -> AbstractContextManager[Connection]:
        """Give a connection whose statement commits by itself: nothing is said to the server before and after."""
        return self._readers.lend()

    def seconds(self) -> float:
        """Read the server's clock."""
        with self.read() as connection:
            return float(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")))

    def close(self) -> None:
        """Close the pool."""
        self._engine.dispose()


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used"] = monotonic()


def _see_that_it_lives(connection: Any, record: Any, _lent: Any) -> None:
    """Ask the server over a connection that rested, or over which it said something, as it does to end one.

    Asking costs as much as a small statement. A server that stops is heard; only what a network loses is not.
    """
    used = record.info.get("used")
    if used is None:
        return
    try:
        if monotonic() - used >= RESTED or _spoken_to(connection):
            connection.execute("")
    except psycopg.Error as error:
        raise InvalidatePoolError from error


def _spoken_to(connection: Any) -> bool:
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))
