"""The running side of the store: claiming errands in the order of their lanes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Update, and_, exists, literal_column, or_, select, update

from deskward.core.ports import Errand, ErrandState
from deskward.store.columns import value_of
from deskward.store.database import Database
from deskward.store.tables import WAITING, errands

_e = errands.c


class SqlErrandRows:
    """`ErrandRows` on either database; an attempt's number fences off whoever lost its lease."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, lane: str, holder: str, now: datetime, lease_until: datetime) -> Errand | None:
        """Take the head of the lane in one statement."""
        head = select(_e.id).where(_e.lane == lane, literal_column(WAITING)).order_by(_e.id).limit(1)
        taken = (
            update(errands)
            .where(_e.id == head.scalar_subquery(), _e.due_at <= now, _free(now, holder))
            .values(state=ErrandState.SENDING, attempts=_e.attempts + 1, holder=holder, lease_until=lease_until)
            .returning(*_e)
        )
        with self._database.write() as connection:
            row = connection.execute(taken).mappings().one_or_none()
        return None if row is None else value_of(Errand, row)

    def finish(self, errand: Errand, now: datetime) -> None:
        """Mark it done, if this attempt still holds it."""
        self._let_go(errand, state=ErrandState.DONE, done_at=now, last_error="")

    def retry(self, errand: Errand, due_at: datetime, error: str) -> None:
        """Make it due again later, if this attempt still holds it."""
        self._let_go(errand, state=ErrandState.DUE, due_at=due_at, last_error=error)

    def park(self, errand: Errand, error: str) -> None:
        """Leave it to a person, if this attempt still holds it."""
        self._let_go(errand, state=ErrandState.PARKED, last_error=error)

    def due_lanes(self, now: datetime, limit: int) -> Sequence[str]:
        """List lanes whose head can be claimed now, longest due first."""
        before = errands.alias("before")
        is_head = ~exists().where(
            before.c.lane == _e.lane, literal_column(f"before.{WAITING}"), before.c.id < _e.id
        )
        heads = (
            select(_e.lane)
            .where(literal_column(f"errands.{WAITING}"), _e.due_at <= now, _free(now), is_head)
            .order_by(_e.due_at)
            .limit(limit)
        )
        with self._database.read() as connection:
            return connection.execute(heads).scalars().all()

    def release(self, holder: str) -> None:
        """Give back the leases of a holder that is known to be dead."""
        held = update(errands).where(_e.holder == holder, _e.state == ErrandState.SENDING)
        self._run(held.values(state=ErrandState.DUE, **_NOBODY))

    def _let_go(self, errand: Errand, **values: Any) -> None:
        mine = (_e.id == errand.id, _e.attempts == errand.attempts, _e.state == ErrandState.SENDING)
        self._run(update(errands).where(*mine).values(**values, **_NOBODY))

    def _run(self, change: Update) -> None:
        with self._database.write() as connection:
            connection.execute(change)


_NOBODY: dict[str, Any] = {"holder": "", "lease_until": None}


def _free(now: datetime, holder: str = "") -> Any:
    leased_by_me = (_e.holder == holder) if holder else literal_column("FALSE")
    return or_(
        _e.state == ErrandState.DUE,
        and_(_e.state == ErrandState.SENDING, or_(_e.lease_until <= now, leased_by_me)),
    )
