"""The migrations make what the tables say, once, however many processes start."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text

from deskward.core.console import Search
from deskward.core.errors import SettingsError
from deskward.core.ports import Change
from deskward.core.proof import Evidence, Proof
from deskward.core.verification import Mark, Outcome, State, status_of
from deskward.store.console import SqlConsole
from deskward.store.database import Database, connect
from deskward.store.looking_up import LOOKED
from deskward.store.migrating import HEAD, current, migrate
from deskward.store.migrations import config_for
from deskward.store.saving import write_change
from deskward.store.sql import SilentBell
from deskward.store.summing import summed
from deskward.store.tables import familiar, metadata, requester_parts, requesters, verifications
from tests.servers.postgres import drop_database, empty_database, shared_postgres
from tests.store.samples import NOON, a_verification


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    url = empty_database(shared_postgres())
    yield url
    drop_database(url)


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    database = connect(empty_url)
    yield database
    database.close()


def test_the_newest_migration_is_the_one_that_the_start_asks_for() -> None:
    assert ScriptDirectory.from_config(config_for()).get_heads() == [HEAD]


def test_the_migrated_tables_are_the_tables_of_the_code(empty: Database) -> None:
    assert current(empty) == ""
    migrate(empty)
    migrate(empty)
    assert current(empty) == HEAD
    with empty.read() as connection:
        # SQLite cannot let go of the default that a later column needs for the rows that are there.
        defaults = {"compare_server_default": empty.dialect == "postgresql"}
        context = MigrationContext.configure(connection, opts=defaults)
        assert compare_metadata(context, metadata) == []


def test_the_migrations_go_back_to_nothing(empty: Database) -> None:
    migrate(empty)
    with empty.write() as connection:
        command.downgrade(config_for(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
    migrate(empty)
    assert current(empty) == HEAD


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
def test_postgresql_vacuums_the_newest_rows_however_many_old_ones_there_are(empty: Database) -> None:
    migrate(empty)
    asked = text("SELECT reloptions FROM pg_class WHERE oid = 'verifications'::regclass")
    with empty.read() as connection:
        told = dict(option.split("=") for option in connection.scalars(asked).one())
    for change in ("vacuum", "vacuum_insert"):
        assert float(told[f"autovacuum_{change}_scale_factor"]) == 0
        assert int(told[f"autovacuum_{change}_threshold"]) <= LOOKED


def test_the_rows_of_an_older_version_are_found_by_the_new_search(empty: Database) -> None:
    migrate(empty)
    rows = [
        ("v1", State.DONE, Outcome.PASSED, "Åsa Öberg"),
        ("v2", State.OPENED, Outcome.UNABLE, "ASA  Oberg"),
        ("v3", State.SENT, Outcome.NONE, "Bo Li"),
    ]
    with empty.write() as connection:
        for name, state, outcome, requester in rows:
            made = a_verification(name, ticket_number=f"IR-00{name[1]}", requester_name=requester)
            write_change(connection, replace(made, state=state, outcome=outcome), Change(), NOON)
        for table in (requester_parts, requesters):
            connection.execute(table.delete())
    with empty.write() as connection:
        command.downgrade(config_for(connection), "0004")
        command.upgrade(config_for(connection), "head")
    console = SqlConsole(empty, SilentBell())
    for search, found in (
        (Search(text="oberg"), ["v2", "v1"]),
        (Search(text="3"), ["v3"]),
        (Search(status="Passed"), ["v1"]),
        (Search(status="Cannot be sent"), ["v2"]),
        (Search(status="In progress"), ["v3"]),
    ):
        assert [row.id for row in console.page(search).rows] == found
    with empty.write() as connection:
        write_change(connection, a_verification("v4", requester_name="Bo Li"), Change(), NOON)
        write_change(connection, a_verification("v5", requester_name="Cy Ma"), Change(), NOON)
        kept = connection.execute(select(requesters.c.words, requesters.c.times)).fetchall()
    told = {words.partition("@")[0]: times for words, times in kept}
    assert told == {" asa oberg grace": 2, " bo li grace": 2, " cy ma grace": 1}


def test_the_rows_of_an_older_version_are_counted_and_found_as_those_of_today(empty: Database) -> None:
    migrate(empty)
    totp = Proof("totp", "totp:1", established=True, at=NOON, subject_id="s1", evidence=Evidence.AUTHENTICATOR)
    passed = {"state": State.DONE, "outcome": Outcome.PASSED, "decided_at": NOON + timedelta(minutes=7)}
    graded = ({"grading": "correct"}, {"grading": "correct"})
    rows = [
        a_verification("v1", **passed, started_at=NOON, proofs=(totp,), exception=True, agent_id="a1"),
        a_verification("v2", **passed, exception=True, mark=Mark.RIGHT, transcript=graded),
        a_verification("v3", state=State.REVIEW, wrong_total=3, misses={"totp": 1}, tried=("vouch",)),
        a_verification("v4", opened_at=NOON + timedelta(hours=13)),
    ]
    days = NOON.date(), (NOON + timedelta(days=1)).date()
    with empty.write() as connection:
        for row in rows:
            write_change(connection, row, Change(), NOON)
    with empty.write() as connection:
        before, sums = _counted(connection), summed(connection, *days)
        command.downgrade(config_for(connection), "0005")
        command.upgrade(config_for(connection), "head")
        assert _counted(connection) == before
        assert summed(connection, *days) == sums


def _counted(connection: Connection) -> list[Any]:
    found = select(verifications.c.id, verifications.c.reached, verifications.c.need)
    return [tuple(row) for row in connection.execute(found.order_by(verifications.c.id))]


def test_counts_of_familiarity_survive_the_move_into_their_key_and_back(empty: Database) -> None:
    migrate(empty)
    row = {"owner": "anna", "feature": "address", "value": "A", "month": "2026-11", "times": 3}
    with empty.write() as connection:
        connection.execute(familiar.insert(), [row])
    for version, flat in (("0013", False), ("head", True)):
        with empty.write() as connection:
            (command.upgrade if flat else command.downgrade)(config_for(connection), version)
            assert [dict(kept) for kept in connection.execute(select(familiar)).mappings()] == [row]
            assert {index["name"] for index in inspect(connection).get_indexes("familiar")} == {
                "ix_familiar_month"
            }
            if empty.dialect == "sqlite":
                made = connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'familiar'"))
                assert ("WITHOUT ROWID" in made) == flat


def test_the_statuses_of_the_migration_are_those_of_the_one_table() -> None:
    path = ScriptDirectory.from_config(config_for()).get_revision("0005").module
    for state, outcome in product(State, set(Outcome) - {Outcome.BREAK_GLASS}):
        label = path.LABELS_OF_BOTH.get((state, outcome)) or path.LABELS.get(state, "In progress")
        assert label == status_of(state, outcome).label


def test_a_database_of_a_newer_version_is_left_alone(empty: Database) -> None:
    migrate(empty)
    with empty.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingsError, match="newer version"):
        migrate(empty)
    assert current(empty) == "9999"


def test_processes_that_start_at_once_migrate_once(empty_url: str) -> None:
    code = (
        "import sys; from deskward.store.database import connect; from deskward.store.migrating import migrate;"
        "d = connect(sys.argv[1]); input(); migrate(d); d.close()"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, empty_url], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for process in started:
        assert process.stdin
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()


def test_a_start_with_nothing_to_do_loads_no_alembic(empty_url: str) -> None:
    database = connect(empty_url)
    migrate(database)
    database.close()
    code = (
        "import sys; from deskward.store.opening import open_store; from tests.store.samples import StandingClock;"
        "open_store(sys.argv[1], StandingClock()).close();"
        "print({'alembic', 'procrastinate'} & set(sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, empty_url],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert ran.stdout.strip() == "set()"
