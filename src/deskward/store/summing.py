"""The sums that the dashboard reads; triggers of the database keep them, in the transaction that changes a row."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, func, select

from deskward.core.sums import Named, Sums, need_of, reached
from deskward.core.verification import Verification
from deskward.store.tables import day_sums

BETWEEN = "|"
_d = day_sums.c


def written(words: Iterable[str]) -> str:
    """Write the words of a verification as its row keeps them: each between two bars, so that one can be found."""
    return "".join(f"{BETWEEN}{word}" for word in words) + BETWEEN


def counted_by(verification: Verification) -> dict[str, str]:
    """Give the columns by which a row is counted and found."""
    return {"reached": written(reached(verification)), "need": need_of(verification).value}


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
