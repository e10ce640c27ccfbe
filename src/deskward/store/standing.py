"""What stops actions as it is kept: sendings by their token, the fences that stand, the threat level."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, or_, select, update

from deskward.core.records import Fence, Sending
from deskward.store.columns import value_of
from deskward.store.conditions import is_filled
from deskward.store.database import Database
from deskward.store.tables import fences, grants, sendings
from deskward.store.threat import SqlThreatLevels

_f, _g, _s = fences.c, grants.c, sendings.c


class Standing:
    """The part of the store that knows who objected to what, and whether the threat level is raised."""

    database: Database

    @property
    def threat(self) -> SqlThreatLevels:
        """Give where the threat level is kept."""
        return SqlThreatLevels(self.database)

    def sending_by_token(self, digest: str) -> Sending | None:
        """Find the sending whose message carries the token with this digest."""
        same = select(sendings).where(_s.token_digest == digest, is_filled(_s.token_digest))
        with self.database.read() as connection:
            row = connection.execute(same).mappings().first()
        return value_of(Sending, row) if row else None

    def fence(self, fence_id: str) -> Fence | None:
        """Read one fence."""
        with self.database.read() as connection:
            row = connection.execute(select(fences).where(_f.id == fence_id)).mappings().first()
        return value_of(Fence, row) if row else None

    def fences(self, directory: str, subject_id: str) -> Sequence[Fence]:
        """List the fences of a person that nobody lifted, newest first; some may have ended by themselves."""
        same = (_f.directory == directory, _f.subject_id == subject_id, _f.lifted_at.is_(None))
        with self.database.read() as connection:
            rows = connection.execute(select(fences).where(*same).order_by(_f.raised_at.desc())).mappings()
            return [value_of(Fence, row) for row in rows]


def fenced(now: datetime, directory: Any = _g.directory, subject_id: Any = _g.subject_id) -> ColumnElement[bool]:
    """Tell whether a fence stands for a person, by default the one of a grant (SR-47, SR-48)."""
    same = (_f.directory == directory, _f.subject_id == subject_id)
    lives = (_f.lifted_at.is_(None), or_(_f.ends_at.is_(None), _f.ends_at > now))
    return exists().where(*same, *lives)


def revoke_grants(connection: Connection, fence: Fence, now: datetime) -> None:
    """Take back every unspent grant of the person.

    A transaction that is about to consume one waits here for the row, and then finds it spent: so none is
    consumed after the objection has committed, on any database (SR-48).
    """
    same = (_g.directory == fence.directory, _g.subject_id == fence.subject_id, _g.spent_at.is_(None))
    connection.execute(update(grants).where(*same).values(spent_at=now))
