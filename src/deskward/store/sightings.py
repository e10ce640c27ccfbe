"""`Sightings` on the database: what earlier visits tell, in a statement whose cost does not grow."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Subquery,
    TableValuedAlias,
    Text,
    bindparam,
    cast,
    column,
    delete,
    func,
    literal_column,
    select,
    true,
    type_coerce,
    update,
)
from sqlalchemy.types import NullType

from deskward.core.familiarity import EVERYONE, first_month
from deskward.core.familiarity import learned as counts_of
from deskward.core.lately import Lately, Since
from deskward.core.retention import Retention
from deskward.core.surroundings import (
    MOST_PEOPLE,
    MOST_VISITS,
    Habits,
    Learned,
    Lesson,
    Met,
    Past,
    Sighting,
    Tally,
)
from deskward.core.verification import Run, Verification
from deskward.store.columns import JsonText, row_of, time_of, value_of
from deskward.store.conditions import TEACHES, UNTAUGHT, is_filled
from deskward.store.database import Database, upserting
from deskward.store.marks import moved, read_to
from deskward.store.runs import SHORT, STRANGERS, THEIRS, asked_of, given, others_of, runs_lately
from deskward.store.tables import familiar, verifications
from deskward.store.written import Written

DEVICE_SPAN, ADDRESS_SPAN, AGENT_SPAN = timedelta(days=30), timedelta(days=1), timedelta(hours=1)
# The columns that stand beside each run.
_BESIDE = 9
# A device, address or agent may have any number of visits by the same few people.
MOST_WALKED = 200
# Written into the statement: PostgreSQL plans for a tenth of all rows where it is not told how many.
_ONE, _VISITS, _PEOPLE, _WALKED = (
    literal_column(str(n), Integer) for n in (1, MOST_VISITS, MOST_PEOPLE, MOST_WALKED)
)
_LISTING = {
    "sqlite": (func.json_group_array, func.json_array),
    "postgresql": (func.json_agg, func.json_build_array),
}
Tallies = Mapping[tuple[str, str], Tally]
_v, _f = verifications.c, familiar.c
_w, _g = SHORT.c, familiar.alias("f").c


class SqlSightings:
    """Rows by person, device, address and agent; people are counted among the newest 200 visits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def past(
        self, looking: Verification, at: datetime, sighting: Sighting, habits: Habits, since: Since
    ) -> tuple[Past, Met, Lately]:
        """Tell what was seen before this visit, the counts of the habits, and what the verdict asks, in one go."""
        asked = _told(looking, at, sighting) | _asked(habits) | asked_of(looking, since)
        rows = _PAST.rows(self._database, asked)
        *counts, others, features, looked_at, seen = rows[0][:_BESIDE]
        last_at = time_of(looked_at)
        kept = json.loads(seen) if last_at else {}  # empty once it is forgotten
        last = (Sighting(**kept), last_at) if kept else (None, None)
        met = json.loads(features or "[]")
        own, everyone = ({told[0]: told[n] for told in met if told[n]} for n in (1, 2))
        runs = [Run(*row[_BESIDE:]) for row in rows if row[_BESIDE]]
        return Past(*last, *counts), Met(own, everyone), Lately(runs, others or 0)

    def familiarity(self, habits: Habits) -> Tallies:
        """Read the counts of the habits, by (owner, feature); “” is everyone, and 0 is left out."""
        return _tallies(habits, _KNOWN.rows(self._database, _asked(habits)))

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
                met = _tallies(one.habits, _KNOWN.rows_in(connection, _asked(one.habits)))
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


def _tallies(habits: Habits, rows: Iterable[tuple[Any, ...]]) -> Tallies:
    told: dict[tuple[str, str], Tally] = {}
    for feature, *mine, times, last in rows:
        for owner, tally in ((habits.owner, mine), (EVERYONE, (times, last))):
            if tally[0]:
                told[owner, feature] = Tally(int(tally[0]), tally[1])
    return told


def _asked(habits: Habits) -> dict[str, Any]:
    return {"owner": habits.owner, "months": habits.since, "wanted": habits.wanted}


def _told(looking: Verification, at: datetime, sighting: Sighting) -> dict[str, Any]:
    return {
        "agent": looking.agent_id,
        "device": sighting.device,
        "address": sighting.address,
        "device_since": at - DEVICE_SPAN,
        "address_since": at - ADDRESS_SPAN,
        "agent_since": at - AGENT_SPAN,
    }


def _known(dialect: str) -> Select[Any]:
    wanted = _wanted(dialect)
    tally = (func.sum(_g.times), func.max(_g.month))
    told = (_counted(wanted, owner, what) for owner in (given("owner"), _word(EVERYONE)) for what in tally)
    return select(wanted.c.key, *told)


_KNOWN = Written(_known)


def _wanted(dialect: str) -> TableValuedAlias:
    """List the features, `key`, with their values: each is a look-up of its own in the key of the table.

    Told as one JSON, which keeps the statement short; SQLite reads the whole table for a list of tuples.
    """
    each = func.json_each_text if dialect == "postgresql" else func.json_each
    told = each(bindparam("wanted", type_=JsonText()))
    return told.table_valued(column("key", Text), column("value", Text), name="w")


def _word(text: str) -> ColumnElement[str]:
    """Write one of our own words into the statement."""
    return literal_column(f"'{text}'", Text)


def past_of(dialect: str) -> Select[Any]:
    """Make the statement of the past: a row for each run of `lately`, or one whose run is empty.

    Beside each stand the counts, all features with theirs as JSON, and the newest visit that passed, empty where
    there is none.
    """
    device = (_w.seen_device == given("device"), is_filled(_w.seen_device))
    address = (_w.seen_address == given("address"), is_filled(_w.seen_address))
    passed = (*THEIRS, TEACHES, _w.id != given("own"))
    agents = (_w.agent_id == given("agent"), STRANGERS)
    counts = select(
        _capped(passed).label("visits"),
        _capped((*passed, *device)).label("device_passed"),
        _people((*device, STRANGERS, _w.looked_at >= bindparam("device_since"))).label("device_others"),
        _people((*address, STRANGERS, _w.looked_at >= bindparam("address_since"))).label("address_others"),
        _people((*agents, _w.looked_at >= bindparam("agent_since"))).label("agent_people"),
    ).subquery("c")
    # The time as the driver gives it: it stands in every row, and is turned once.
    looked_at = type_coerce(_w.looked_at, NullType()).label("looked_at")
    newest = (
        select(looked_at, cast(_w.sighting, Text).label("sighting"))
        .where(*passed)
        .order_by(_w.looked_at.desc())
        .limit(_ONE)
    )
    last, runs = newest.subquery("last"), runs_lately().subquery("r")
    others, met = others_of(dialect), _met(dialect)
    beside = counts.join(others, true()).join(met, true()).outerjoin(last, true())
    return select(counts, others, met, last, runs).select_from(beside.outerjoin(runs, true()))


_PAST = Written(past_of)


def _met(dialect: str) -> Subquery:
    """List each feature with its counts as JSON, one text instead of a row for each: of the owner, of everyone."""
    all_of, each = _LISTING[dialect]
    wanted = _wanted(dialect)
    times = (_counted(wanted, owner, func.sum(_g.times)) for owner in (given("owner"), _word(EVERYONE)))
    return select(cast(all_of(each(wanted.c.key, *times)), Text).label("met")).subquery("m")


def _counted(wanted: TableValuedAlias, owner: ColumnElement[str], what: ColumnElement[Any]) -> Any:
    """Count a feature of one owner, in the key alone: neither joined nor sorted."""
    same = (_g.owner == owner, _g.feature == wanted.c.key, _g.value == wanted.c.value)
    return select(what).where(*same, _g.month >= given("months")).scalar_subquery()


def _capped(where: Iterable[ColumnElement[bool]]) -> Any:
    few = select(_word("x")).where(*where).limit(_VISITS).subquery()
    return select(func.count()).select_from(few).scalar_subquery()


def _people(where: Iterable[ColumnElement[bool]]) -> Any:
    """Count people among the newest visits; PostgreSQL would walk everybody in order to meet each one once."""
    found = select(_w.directory.label("d"), _w.subject_id.label("s")).where(*where)
    newest = found.order_by(_w.looked_at.desc()).limit(_WALKED)
    few = select(newest.subquery()).distinct().limit(_PEOPLE).subquery()
    return select(func.count()).select_from(few).scalar_subquery()
