"""`Sightings` on the database: what earlier visits tell, in a statement whose cost does not grow."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    literal_column,
    select,
    true,
    type_coerce,
    union_all,
    update,
)
from sqlalchemy.types import NullType

from deskward.core.familiarity import EVERYONE, first_month
from deskward.core.familiarity import learned as counts_of
from deskward.core.retention import Retention
from deskward.core.surroundings import Habits, Learned, Lesson, Met, Past, Sighting, Tally
from deskward.core.verification import Verification
from deskward.store.columns import row_of, time_of, value_of
from deskward.store.conditions import TEACHES, UNTAUGHT, is_filled
from deskward.store.database import Database, upserting
from deskward.store.marks import moved, read_to
from deskward.store.tables import familiar, verifications
from deskward.store.written import Written

DEVICE_SPAN, ADDRESS_SPAN, AGENT_SPAN = timedelta(days=30), timedelta(days=1), timedelta(hours=1)
MOST_COUNTED = 50
Tallies = Mapping[tuple[str, str], Tally]
_v, _f = verifications.c, familiar.c


class SqlSightings:
    """Rows by person, device, address and agent; every count of them stops at 50."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def past(self, looking: Verification, at: datetime, sighting: Sighting, habits: Habits) -> tuple[Past, Met]:
        """Tell what was seen before this visit, and the counts of the habits, in one statement."""
        with self._database.read() as connection:
            rows = _past(tuple(habits.wanted)).rows(connection, _told(looking, at, sighting) | _asked(habits))
            *counts, looked_at, seen, _, _, _ = rows[0]
            last_at = time_of(looked_at, connection.dialect)
        kept = json.loads(seen) if last_at else {}  # empty once it is forgotten
        last = (Sighting(**kept), last_at) if kept else (None, None)
        met = Met(*({row[-3]: row[n] for row in rows if row[n]} for n in (-2, -1)))
        return Past(*last, *counts), met

    def familiarity(self, habits: Habits) -> Tallies:
        """Read the counts of the habits, by (owner, feature); “” is everyone, and 0 is left out."""
        with self._database.read() as connection:
            return _known(connection, habits)

    def untaught(self, limit: int) -> Sequence[Verification]:
        """List verifications whose result is not learned yet, or is still learned though it stands no more."""
        found = select(verifications).where(UNTAUGHT).order_by(_v.looked_at).limit(limit)
        with self._database.read() as connection:
            return [value_of(Verification, row) for row in connection.execute(found).mappings()]

    def teach(self, verification: Verification, learned: Iterable[Learned]) -> None:
        """Note it and add to the counts in one transaction, unless somebody else was faster."""
        mine = (_v.id == verification.id, _v.taught == (not verification.teaches))
        with self._database.write() as connection:
            noted = connection.execute(update(verifications).where(*mine).values(taught=verification.teaches))
            if noted.rowcount:
                _wait_for_others(connection)
                _learn(connection, learned)

    def read_to(self, log: str) -> datetime | None:
        """Tell up to when a log of sign-ins is learned, itself left out; None at first."""
        with self._database.read() as connection:
            return read_to(connection, log)

    def follow(self, log: str, old: datetime | None, new: datetime, lessons: Iterable[Lesson]) -> None:
        """Move a log's mark and learn in one transaction, unless somebody else was faster."""
        with self._database.write() as connection:
            if not moved(connection, log, old, new):
                return
            _wait_for_others(connection)
            for one in lessons:
                met = _known(connection, one.habits)
                _learn(connection, counts_of(one.habits.owner, one.features, one.month, one.times, met))


def remembered(verification: Verification) -> dict[str, Any]:
    """Give the columns by which a visit is found again."""
    return {
        "seen_address": verification.sighting.get("address", ""),
        "seen_device": verification.sighting.get("device", ""),
        "has_raw": bool(verification.surroundings),
        "teaches": verification.teaches,
    }


def forget(connection: Connection, now: datetime, kept: Retention) -> None:
    """Empty what is remembered of visits and of habits longer than it may be (SR-121)."""
    old = (is_filled(_v.seen_address), _v.looked_at < now - kept.visits)
    connection.execute(update(verifications).where(*old).values(sighting={}, seen_address="", seen_device=""))
    connection.execute(delete(familiar).where(_f.month < first_month(now, kept.months)))


def _wait_for_others(connection: Connection) -> None:
    """Learn one after the other, so that nobody waits in a circle; SQLite has one writer anyhow."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("familiar", 0))))


def _learn(connection: Connection, learned: Iterable[Learned]) -> None:
    """Add to the counts that are there."""
    rows = [row_of(one) for one in learned]
    if rows:
        statement = upserting(connection, familiar)
        more = {"times": _f.times + statement.excluded.times}
        key = ["owner", "feature", "value", "month"]
        connection.execute(statement.on_conflict_do_update(index_elements=key, set_=more), rows)


def _known(connection: Connection, habits: Habits) -> Tallies:
    return _tallies(tuple(row) for row in connection.execute(_met(tuple(habits.wanted)), _asked(habits)))


def _tallies(rows: Iterable[Any]) -> Tallies:
    return {(who, name): Tally(int(times), last) for who, name, times, last in rows if times}


def _asked(habits: Habits) -> dict[str, Any]:
    values = {f"value{n}": value for n, value in enumerate(habits.wanted.values())}
    return {"owner": habits.owner, "since": habits.since, **values}


def _told(looking: Verification, at: datetime, sighting: Sighting) -> dict[str, Any]:
    return {
        "own": looking.id,
        "person": looking.subject_id,
        "house": looking.directory,
        "agent": looking.agent_id,
        "device": sighting.device,
        "address": sighting.address,
        "device_since": at - DEVICE_SPAN,
        "address_since": at - ADDRESS_SPAN,
        "agent_since": at - AGENT_SPAN,
    }


@lru_cache
def _met(names: tuple[str, ...]) -> Select[Any]:
    """Make the statement for these features, once: it costs more to write than to run."""
    wanted = _wanted(names)
    same = (_f.feature == wanted.c.feature, _f.value == wanted.c.value)
    owned = (_f.owner.in_((_given("owner"), _word(EVERYONE))), _f.month >= _given("since"))
    counted = select(_f.owner, _f.feature, func.sum(_f.times), func.max(_f.month))
    return counted.select_from(wanted).join(familiar, and_(*same, *owned)).group_by(_f.owner, _f.feature)


def _wanted(names: tuple[str, ...]) -> CTE:
    """List these features with their values: each is a look-up of its own in the key.

    SQLite reads the whole table for a list of tuples.
    """
    rows = (
        select(_word(name).label("feature"), _given(f"value{n}").label("value")) for n, name in enumerate(names)
    )
    return union_all(*rows).cte("wanted")


def _word(text: str) -> ColumnElement[str]:
    """Write one of our own words into the statement."""
    return literal_column(f"'{text}'", Text)


def _given(name: str) -> ColumnElement[str]:
    """Leave room for a text that needs no cleaning: it comes out of a row, or is a digest."""
    return bindparam(name, type_=Text)


@lru_cache
def _past(names: tuple[str, ...]) -> Written:
    return Written(lambda _: past_of(names))


def past_of(names: tuple[str, ...]) -> Select[Any]:
    """Make the statement for these features.

    The counts stand beside the newest visit that passed, whose columns are empty where there is none, and beside
    each feature with its counts, of the owner and of everyone.
    """
    device = (_v.seen_device == _given("device"), is_filled(_v.seen_device))
    address = (_v.seen_address == _given("address"), is_filled(_v.seen_address))
    other = (_v.subject_id != _given("person")) | (_v.directory != _given("house"))
    own = (_v.directory == _given("house"), _v.subject_id == _given("person"), TEACHES)
    passed = (*own, _v.id != _given("own"))
    theirs = (_v.agent_id == _given("agent"), other)
    counts = select(
        _capped(passed).label("visits"),
        _capped((*passed, *device)).label("device_passed"),
        _people((*device, other, _v.looked_at >= bindparam("device_since"))).label("device_others"),
        _people((*address, other, _v.looked_at >= bindparam("address_since"))).label("address_others"),
        _people((*theirs, _v.looked_at >= bindparam("agent_since"))).label("agent_people"),
    ).subquery("counts")
    # The time as the driver gives it: it stands in every row, and is turned once.
    looked_at = type_coerce(_v.looked_at, NullType()).label("looked_at")
    newest = (
        select(looked_at, cast(_v.sighting, Text).label("sighting"))
        .where(*passed)
        .order_by(_v.looked_at.desc())
        .limit(1)
    )
    last, wanted = newest.subquery("last"), _wanted(names)
    met = (_times(wanted, _given("owner")), _times(wanted, _word(EVERYONE)))
    return select(counts, last, wanted.c.feature, *met).select_from(
        counts.outerjoin(last, true()).outerjoin(wanted, true())
    )


def _times(wanted: CTE, owner: ColumnElement[str]) -> Any:
    """Count for one owner, in the key alone: neither joined nor sorted."""
    same = (_f.owner == owner, _f.feature == wanted.c.feature, _f.value == wanted.c.value)
    return select(func.sum(_f.times)).where(*same, _f.month >= _given("since")).scalar_subquery()


def _capped(where: Iterable[ColumnElement[bool]]) -> Any:
    few = select(_word("x")).where(*where).limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(few).scalar_subquery()


def _people(where: Iterable[ColumnElement[bool]]) -> Any:
    few = select(_v.directory, _v.subject_id).where(*where).distinct().limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(few).scalar_subquery()
