"""Statements that are written once, on both databases."""

import pytest
from sqlalchemy import bindparam, delete, func, literal_column, select

from deskward.core.ports import Change
from deskward.core.verification import State
from deskward.store.conditions import is_one_of
from deskward.store.opening import Opened
from deskward.store.tables import verifications
from deskward.store.written import Written
from tests.store.samples import NOON, a_verification

_v = verifications.c
SINCE = Written(
    lambda dialect: (
        select(_v.id, _v.state, _v.opened_at, _v.ended_at, func.count().over().label("all"))
        .where(is_one_of(dialect, _v.id, "ids"), _v.opened_at >= bindparam("since"))
        .where(_v.subject_id != literal_column("'%'"))
        .order_by(_v.id)
        .limit(2)
    )
)


def test_rows_are_plain_tuples_in_the_types_of_their_columns(opened: Opened) -> None:
    for name in ("v1", "v2", "v3", "v4"):
        opened.store.save(a_verification(name, opened_at=NOON, ended_at=None), Change())
    rows = SINCE.rows(opened.database, {"ids": ["v1", "v3", "v4"], "since": NOON})
    assert rows == [(n, State.OPENED, NOON, None, 3) for n in ("v1", "v3")]
    assert [type(row) for row in rows] == [tuple, tuple]
    assert rows[0][1] is State.OPENED
    assert SINCE.rows(opened.database, {"ids": [], "since": NOON}) == []


def test_in_a_transaction_it_sees_what_that_one_wrote(opened: Opened) -> None:
    opened.store.save(a_verification("v1", opened_at=NOON), Change())
    told = {"ids": ["v1"], "since": NOON}
    with opened.database.write() as connection:
        connection.execute(delete(verifications))
        assert SINCE.rows_in(connection, told) == []
    assert SINCE.rows(opened.database, told) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_cursor_of_a_connection_that_the_server_ended_goes_with_it(opened: Opened) -> None:
    opened.store.save(a_verification("v1", opened_at=NOON), Change())
    told = {"ids": ["v1"], "since": NOON}
    before = SINCE.rows(opened.database, told)
    ending = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database()"
    with opened.database.driver() as used:
        server = used.driver_connection.info.backend_pid
    with opened.database.read() as _, opened.database.read() as killer:
        killer.exec_driver_sql(f"{ending} AND pid = {server} AND pid <> pg_backend_pid()")
    assert SINCE.rows(opened.database, told) == before
    with opened.database.driver() as now:
        assert now.driver_connection.info.backend_pid != server


def test_where_reads_share_a_connection_it_takes_none_of_its_own(opened: Opened) -> None:
    with opened.database.sharing(), opened.database.read() as connection:
        kept = connection.connection.driver_connection
        with opened.database.driver() as driver:
            assert driver.driver_connection is kept


def test_a_hostile_value_stays_a_value(opened: Opened) -> None:
    opened.store.save(a_verification("v1", opened_at=NOON), Change())
    for hostile in ("' OR 1 = 1 --", ":since", "%(since)s", '"]', "\x00"):
        assert SINCE.rows(opened.database, {"ids": [hostile], "since": NOON}) == []
    assert len(SINCE.rows(opened.database, {"ids": ["v1"], "since": NOON})) == 1


def test_a_value_that_is_not_told_is_an_error(opened: Opened) -> None:
    with pytest.raises(KeyError, match="since"):
        SINCE.rows(opened.database, {"ids": []})


def test_an_error_never_shows_the_values(opened: Opened) -> None:
    broken = Written(lambda _: select(literal_column("nowhere")).where(_v.id == bindparam("secret")))
    with pytest.raises(Exception, match="nowhere") as raised:
        broken.rows(opened.database, {"secret": "grace@example.org"})
    assert "grace@example.org" not in str(raised.value)
    assert SINCE.rows(opened.database, {"ids": ["v1"], "since": NOON}) == []
