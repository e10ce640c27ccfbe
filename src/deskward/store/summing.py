"""The sums that the dashboard reads: changed in the transaction of the verification that they count."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, func, select

from deskward.core.sums import Named, Sum, Sums, need_of, reached, sums_of
from deskward.core.verification import Verification
from deskward.store.columns import row_of
from deskward.store.database import upserting
from deskward.store.tables import day_sums, verifications

BETWEEN = "|"
_v, _d = verifications.c, day_sums.c
_BEFORE = select(_v.opened_at, _v.status, _v.risk_level, _v.category, _v.agent_id, _v.reached)


def written(words: Iterable[str]) -> str:
    """Write the words of a verification as its row keeps them: each between two bars, so that one can be found."""
    return "".join(f"{BETWEEN}{word}" for word in words) + BETWEEN


def counted_by(verification: Verification) -> dict[str, str]:
    """Give the columns by which a row is counted and found."""
    return {"reached": written(reached(verification)), "need": need_of(verification).value}


def counted_before(connection: Connection, old: Verification) -> frozenset[Sum]:
    """Read where the row counts before it is written again; nowhere when somebody else was faster."""
    row = connection.execute(_BEFORE.where(_v.id == old.id, _v.version == old.version)).first()
    if row is None:
        return frozenset()
    words = (word for word in row.reached.split(BETWEEN) if word)
    named = {Named.LEVEL: row.risk_level.value, Named.CATEGORY: row.category, Named.AGENT: row.agent_id}
    return sums_of(row.opened_at, row.status, named, words)


def counted_now(new: Verification) -> frozenset[Sum]:
    """Give where it counts as it is written now."""
    named = {Named.LEVEL: new.risk_level.value, Named.CATEGORY: new.category, Named.AGENT: new.agent_id}
    return sums_of(new.opened_at, new.status.label, named, reached(new))


def count_anew(connection: Connection, before: frozenset[Sum], now: frozenset[Sum]) -> None:
    """Move it from its old sums to its new ones.

    Last in its transaction and always in one order: savers on PostgreSQL wait for each other but shortly, and
    never in a circle.
    """
    moves = [(one, -1) for one in before - now] + [(one, 1) for one in now - before]
    rows = [row_of(one) | {"number": by} for one, by in moves]
    if rows:
        statement = upserting(connection, day_sums)
        more = {"number": _d.number + statement.excluded.number}
        adding = statement.on_conflict_do_update(index_elements=["name", "day", "value", "status"], set_=more)
        connection.execute(
            adding, sorted(rows, key=lambda row: (row["name"], row["day"], row["value"], row["status"]))
        )


def summed(connection: Connection, first: date, last: date) -> Sums:
    """Read the sums of these days, both included; a few thousand rows, however many verifications there are."""
    # All names are named, so that the key can be used, which begins with them.
    days = (_d.name.in_(Named), _d.day >= first.isoformat(), _d.day <= last.isoformat())
    number = func.sum(_d.number).label("number")
    by_day = select(_d.day, _d.value, _d.status, _d.number).where(_d.name == Named.LEVEL, *days)
    whole = select(_d.name, _d.value, _d.status, number).where(*days).group_by(_d.name, _d.value, _d.status)
    return Sums(
        {(row.day, row.value, row.status): row.number for row in connection.execute(by_day) if row.number},
        {(row.name, row.value, row.status): int(row.number) for row in connection.execute(whole)},
    )
