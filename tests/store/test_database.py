"""Opening: addresses, files, rights, clocks."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from deskward.core.errors import SettingsError
from deskward.store.database import connect
from deskward.store.opening import Opened, open_store
from deskward.store.runner_embedded import EmbeddedRunner
from deskward.store.runner_procrastinate import ProcrastinateRunner
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
