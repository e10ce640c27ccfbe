"""Times as rows keep them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import DateTime, bindparam, select
from sqlalchemy.dialects import sqlite

from deskward.store.columns import UtcTime, time_of
from deskward.store.opening import Opened

SQLITE = sqlite.dialect()
ABROAD = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_kept_as_the_text_that_sqlalchemy_writes_and_read_back_whole(at: datetime) -> None:
    written = UtcTime().dialect_impl(SQLITE).bind_processor(SQLITE)
    ordinary = DateTime().dialect_impl(SQLITE).bind_processor(SQLITE)
    assert written
    assert ordinary
    assert written(at) == ordinary(at.replace(tzinfo=None))
    assert time_of(written(at)) == at


@pytest.mark.parametrize("at", [ABROAD, None])
def test_a_time_goes_in_from_any_zone_and_comes_out_in_utc(opened: Opened, at: datetime | None) -> None:
    with opened.database.read() as connection:
        read = connection.scalar(select(bindparam("at", at, type_=UtcTime())))
    assert read == at
    assert read is None or read.tzinfo is UTC
