"""What SR-121 lets go of is gone from every row, on both databases, and the result stays."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from deskward.core.ports import Change
from deskward.core.retention import Retention
from deskward.core.risk import RiskLevel
from deskward.core.verification import Verification
from deskward.store import retention
from deskward.store.opening import Opened
from deskward.store.retention import forget_raw
from deskward.store.tables import metadata, verifications
from tests.store.samples import StandingClock, a_verification, an_event

RAW = {"address": "203.0.113.77", "user-agent": "Mozilla/5.0 (secret)", "time_zone": "Europe/Zurich"}
ROW = {"signal": "hidden", "section": "network", "weight": 3.0, "text": "An exit of Tor.", "source": "file"}
ROWS: tuple[dict[str, Any], ...] = (ROW | {"points": 3.0, "raw": RAW}, ROW | {"weight": 1.0})


def seen(clock: StandingClock, name: str = "v1") -> Verification:
    return a_verification(
        name,
        risk_level=RiskLevel.MEDIUM,
        risk_score=4.0,
        reason="The risk is medium.",
        findings=ROWS,
        observed=ROWS,
        signalled=ROWS,
        surroundings={"readings": RAW},
        looked_at=clock.now(),
    )


def everything(opened: Opened) -> str:
    """Give all rows of all tables as text."""
    with opened.store.database.read() as connection:
        rows = [list(row) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    return json.dumps(rows, default=str)


def test_sr_121_after_30_days_no_raw_value_is_left_and_the_result_stays(
    opened: Opened, clock: StandingClock
) -> None:
    saved = opened.store.save(seen(clock), Change(event=an_event()))
    clock.move(days=30)
    opened.store.prune(clock.now(), Retention())
    assert opened.store.get("v1") == saved
    assert all(value in everything(opened) for value in RAW.values())
    clock.move(seconds=1)
    opened.store.prune(clock.now(), Retention())
    assert not [value for value in RAW.values() if value in everything(opened)]
    bare = (ROW | {"points": 3.0}, ROW | {"weight": 1.0})
    left = replace(saved, findings=bare, observed=bare, signalled=bare, surroundings={})
    assert opened.store.get("v1") == left
    assert len(opened.store.events("v1")) == 1


def test_sr_121_whoever_saves_what_was_read_before_brings_raw_values_back_until_the_next_time_only(
    opened: Opened, clock: StandingClock
) -> None:
    read = opened.store.save(seen(clock), Change())
    clock.move(days=31)
    opened.store.prune(clock.now(), Retention())
    opened.store.save(read, Change())
    assert RAW["address"] in everything(opened)
    opened.store.prune(clock.now(), Retention())
    assert RAW["address"] not in everything(opened)


def test_sr_121_however_many_are_old_all_of_them_are_emptied(
    opened: Opened, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for name in ("v1", "v2", "v3", "v4", "v5"):
        opened.store.save(seen(clock, name), Change())
    clock.move(days=1)
    young = opened.store.save(seen(clock, "v6"), Change())
    forget_raw(opened.store.database, clock.now())
    assert opened.store.get("v6") == young
    assert everything(opened).count(RAW["address"]) == 4  # three kinds of findings, surroundings


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_sr_121_a_row_that_somebody_writes_just_now_is_left_to_the_next_time(
    opened: Opened, clock: StandingClock
) -> None:
    opened.store.save(seen(clock), Change())
    clock.move(days=1)
    with opened.store.database.write() as connection:
        connection.execute(update(verifications).values(opens=1))
        forget_raw(opened.store.database, clock.now())
    assert RAW["address"] in everything(opened)
    forget_raw(opened.store.database, clock.now())
    assert RAW["address"] not in everything(opened)
