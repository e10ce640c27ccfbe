"""Opening: addresses, files, rights, clocks."""

import os
import socket
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError

from deskward.core.accounts import Agent
from deskward.core.errors import SettingsError
from deskward.store.database import PostgresDatabase, connect
from deskward.store.opening import Opened, open_store
from deskward.store.runner_embedded import EmbeddedRunner
from deskward.store.runner_procrastinate import ProcrastinateRunner
from tests.servers.postgres import lent_database, shared_postgres
from tests.store.samples import RunningClock, StandingClock


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://x/y", "oracle://x"])
def test_an_address_that_cannot_be_used_is_said_so(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        connect(url)
    assert "sqlite:///" in raised.value.hint


def test_file_and_folder_are_made_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "var" / "deskward.db"
    open_store(f"sqlite:///{path}", StandingClock()).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_sqlite_is_set_to_lose_nothing(tmp_path: Path) -> None:
    opened = open_store(f"sqlite:///{tmp_path}/d.db", StandingClock())
    with opened.database.write() as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        told = [connection.scalar(text(f"PRAGMA {name}")) for name in asked]
    assert told == ["wal", 2, 1, 10_000]
    with pytest.raises(OperationalError, match="readonly"), opened.database.read() as connection:
        connection.execute(text("DELETE FROM counts"))
    opened.close()


def test_an_error_never_shows_the_values_of_its_statement(opened: Opened) -> None:
    with pytest.raises(Exception, match="hidden") as raised, opened.database.read() as connection:
        connection.execute(text("SELECT 1 FROM nowhere WHERE a = :secret"), {"secret": "grace@example.org"})
    assert "grace@example.org" not in str(raised.value)


def test_the_skew_is_clock_minus_database_time(database_url: str) -> None:
    opened = open_store(database_url, RunningClock())
    assert abs(opened.skew()) < 5
    opened.close()
    fast = open_store(database_url, StandingClock(RunningClock().now() + timedelta(hours=1)))
    assert 3590 < fast.skew() < 3610
    fast.close()


def test_the_runner_fits_the_database_and_becomes_the_bell(opened: Opened) -> None:
    runner = opened.runner(2)
    kind = EmbeddedRunner if opened.database.dialect == "sqlite" else ProcrastinateRunner
    assert isinstance(runner, kind)
    assert opened.store.bell is opened.console.bell is runner
    runner.stop()


def _same(one: Connection, other: Connection) -> bool:
    return one.connection.driver_connection is other.connection.driver_connection


def test_reads_that_share_have_one_connection_also_within_each_other_and_none_after_the_block(
    opened: Opened,
) -> None:
    database = opened.database
    with database.sharing():
        with database.read() as first, database.read() as inner:
            assert inner is first
        with database.sharing(), database.read() as again:
            assert again is first
        with database.read() as still:
            assert still is first
    assert first.closed
    with database.read() as one, database.read() as other:
        assert not _same(one, other)


def test_what_a_thread_shares_no_other_thread_is_lent(opened: Opened) -> None:
    lent: list[bool] = []

    def read() -> None:
        with opened.database.read() as theirs:
            lent.append(_same(ours, theirs))

    with opened.database.sharing(), opened.database.read() as ours:
        thread = Thread(target=read)
        thread.start()
        thread.join()
    assert lent == [False]


def test_a_write_gives_the_shared_connection_back_and_what_it_wrote_is_read_next(opened: Opened) -> None:
    with opened.database.sharing():
        with opened.database.read() as before:
            counted = before.scalar(text("SELECT count(*) FROM agents"))
        with opened.database.write() as writing:
            assert before.closed
            writing.execute(text("DELETE FROM agents"))
        with opened.database.read() as reading, opened.database.write() as writing:
            assert reading.scalar(text("SELECT count(*) FROM agents")) == counted == 0
            assert not _same(reading, writing)


def test_a_connection_that_an_error_went_through_is_not_lent_again(opened: Opened) -> None:
    with opened.database.sharing():
        with suppress(DBAPIError), opened.database.read() as broken:
            broken.execute(text("SELECT 1 FROM nowhere"))
        assert broken.closed
        with opened.database.read() as whole:
            assert whole.scalar(text("SELECT 1")) == 1


@pytest.fixture
def pool() -> Iterator[PostgresDatabase]:
    with lent_database(shared_postgres()) as url:
        database = connect(url)
        assert isinstance(database, PostgresDatabase)
        yield database
        database.close()


def _server_of(database: PostgresDatabase) -> int:
    with database.read() as connection:
        return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)


def _statements_before(database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> Sequence[str]:
    """Read once more; gives what went to the server before it."""
    said: list[str] = []
    execute = psycopg.Connection.execute

    def heard(connection: Any, statement: str) -> Any:
        said.append(statement)
        return execute(connection, statement)

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Connection, "execute", heard)
        _server_of(database)
    return said


def test_a_connection_that_the_server_ended_is_replaced_before_it_is_shared(pool: PostgresDatabase) -> None:
    with pool.read() as held, pool.write() as killer:
        ended = held.scalar(text("SELECT pg_backend_pid()"))
        assert killer.scalar(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": ended})
    with pool.sharing(), pool.read() as first, pool.read() as second:
        assert second is first
        assert second.scalar(text("SELECT pg_backend_pid()")) != ended


def test_a_connection_whose_end_nobody_heard_is_replaced_once_it_rested(
    pool: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = _server_of(pool)
    with pool.read() as connection, socket.socket(fileno=os.dup(connection.connection.fileno())) as its:
        its.shutdown(socket.SHUT_RDWR)
    monkeypatch.setattr("deskward.store.database.RESTED", 0.0)
    monkeypatch.setattr("deskward.store.database._spoken_to", lambda _: False)
    assert _server_of(pool) != lost


def test_a_connection_is_asked_whether_it_lives_once_it_rested_and_not_before(
    pool: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _server_of(pool)
    assert _statements_before(pool, monkeypatch) == []
    monkeypatch.setattr("deskward.store.database.RESTED", 0.0)
    assert _statements_before(pool, monkeypatch) == [""]
    assert _server_of(pool) == first


def test_one_statement_is_committed_by_itself_also_where_reads_share_a_connection(opened: Opened) -> None:
    opened.accounts.put_agent(Agent("a1", "kim", "Kim"))
    with opened.database.sharing():
        with opened.database.read() as connection:
            assert connection.scalar(text("SELECT name FROM agents")) == "Kim"
        with opened.database.write_one() as writing:
            writing.execute(text("UPDATE agents SET name = 'Kim Agent'"))
        thread_saw: list[str] = []
        thread = Thread(target=lambda: thread_saw.append(opened.accounts.names()[0].name))
        thread.start()
        thread.join()
        assert thread_saw == [opened.accounts.names()[0].name] == ["Kim Agent"]


def test_a_transaction_that_fails_writes_nothing_on_a_connection_whose_statements_stood_alone(
    opened: Opened,
) -> None:
    for name in ("Kim", "Kim Agent"):
        opened.accounts.put_agent(Agent("a1", "kim", name))
        with suppress(ZeroDivisionError), opened.database.write() as writing:
            writing.execute(text("DELETE FROM agents"))
            raise ZeroDivisionError
        with opened.database.read() as reading:
            assert reading.scalars(text("SELECT name FROM agents")).all() == [name]
