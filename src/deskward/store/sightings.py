"""`Sightings` on the database: what earlier visits tell, in a statement whose cost does not grow."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, func, or_, select, true
from sqlalchemy.dialects import postgresql, sqlite

from deskward.core.familiarity import EVERYONE
from deskward.core.surroundings import Learned, Past, Sighting, Tally
from deskward.store.columns import row_of, value_of
from deskward.store.database import Database
from deskward.store.tables import familiar, is_filled, sightings

DEVICE_SPAN, ADDRESS_SPAN, AGENT_SPAN = timedelta(days=30), timedelta(days=1), timedelta(hours=1)
MOST_COUNTED = 50
COUNTED = ("visits", "device_passed", "device_others", "address_others", "agent_people")
_s, _f = sightings.c, familiar.c


class SqlSightings:
    """Rows by person, device, address and agent; every count stops at 50."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def past(self, now: Sighting) -> Past:
        """Tell what was seen before this visit; its own verification is left out."""
        with self._database.read() as connection:
            row = connection.execute(_past(now)).mappings().one()
        last = value_of(Sighting, row) if row["verification_id"] else None
        return Past(last=last, **{name: row[name] for name in COUNTED})

    def of(self, verification_id: str) -> Sighting | None:
        """Read the sighting of a verification."""
        with self._database.read() as connection:
            found = select(sightings).where(_s.verification_id == verification_id)
            row = connection.execute(found).mappings().first()
        return None if row is None else value_of(Sighting, row)

    def familiarity(self, owner: str, wanted: Mapping[str, str], since: str) -> Mapping[tuple[str, str], Tally]:
        """Count how often the owner, and everyone, “”, had these values since that month.

        By (owner, feature); 0 is left out.
        """
        names = {f"name{n}": name for n, name in enumerate(wanted)}
        values = {f"value{n}": value for n, value in enumerate(wanted.values())}
        told = {"owner": owner, "since": since, **names, **values}
        with self._database.read() as connection:
            found = connection.execute(_met(len(wanted)), told).all()
        return {(who, name): Tally(int(times), last) for who, name, times, last in found if times}


def keep_sighting(connection: Connection, sighting: Sighting) -> None:
    """Write the sighting of a verification, over an earlier one of its own."""
    row = row_of(sighting)
    statement = _inserting(connection, sightings).values(row)
    fresh = {name: statement.excluded[name] for name in row if name != "verification_id"}
    connection.execute(statement.on_conflict_do_update(index_elements=["verification_id"], set_=fresh))


def learn(connection: Connection, learned: Iterable[Learned]) -> None:
    """Add to the counts that are there; sorted, so that two learners never wait for each other in a circle."""
    rows = sorted((row_of(one) for one in learned), key=lambda row: tuple(map(str, row.values())))
    if rows:
        statement = _inserting(connection, familiar)
        more = {"times": _f.times + statement.excluded.times}
        key = ["owner", "feature", "value", "month"]
        connection.execute(statement.on_conflict_do_update(index_elements=key, set_=more), rows)


def forget(connection: Connection, before: datetime, first_month: str) -> None:
    """Delete what is older: sightings by their time, counts by their month (SR-121)."""
    connection.execute(delete(sightings).where(_s.at < before))
    connection.execute(delete(familiar).where(_f.month < first_month))


@lru_cache
def _met(count: int) -> Select[Any]:
    """Make the statement for so many values, once: it costs more to write than to run.

    Each is a look-up of its own in the key; SQLite reads the whole table for a list of tuples.
    """
    owners: tuple[Any, ...] = (bindparam("owner"), EVERYONE)
    values = [
        (_f.owner == who)
        & (_f.feature == bindparam(f"name{n}"))
        & (_f.value == bindparam(f"value{n}"))
        & (_f.month >= bindparam("since"))
        for who in owners
        for n in range(count)
    ]
    counted = select(_f.owner, _f.feature, func.sum(_f.times), func.max(_f.month))
    return counted.where(or_(*values)).group_by(_f.owner, _f.feature)


def _past(now: Sighting) -> Any:
    """Give the counts beside the newest visit that passed, whose columns are empty where there is none."""
    device = (_s.device == now.device, is_filled(_s.device))
    other = (_s.subject_id != now.subject_id) | (_s.directory != now.directory)
    passed = (*_mine(now), _s.passed_at.is_not(None))
    told = (
        _capped(passed),
        _capped((*passed, *device)),
        _people((*device, other, _s.at >= now.at - DEVICE_SPAN)),
        _people((_s.address == now.address, other, _s.at >= now.at - ADDRESS_SPAN)),
        _people((_s.agent_id == now.agent_id, other, _s.at >= now.at - AGENT_SPAN)),
    )
    counts = select(*(one.label(name) for name, one in zip(COUNTED, told, strict=True))).subquery("counts")
    last = select(sightings).where(*passed).order_by(_s.at.desc()).limit(1).subquery("last")
    return select(counts, last).select_from(counts.outerjoin(last, true()))


def _mine(now: Sighting) -> tuple[ColumnElement[bool], ...]:
    own = _s.verification_id != now.verification_id
    return _s.directory == now.directory, _s.subject_id == now.subject_id, own


def _capped(where: Iterable[ColumnElement[bool]]) -> Any:
    few = select(_s.verification_id).where(*where).limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(few).scalar_subquery()


def _people(where: Iterable[ColumnElement[bool]]) -> Any:
    few = select(_s.directory, _s.subject_id).where(*where).distinct().limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(few).scalar_subquery()


def _inserting(connection: Connection, table: Any) -> Any:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
