"""How the verifications of a person went, as every verdict asks."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, or_, select

from deskward.core.verification import Run
from deskward.store.columns import hints_of
from deskward.store.database import Database
from deskward.store.tables import verifications
from deskward.store.written import Written

_v = verifications.c
_RUNS = Written(
    lambda _: (
        select(*(_v[name] for name in hints_of(Run)))
        .where(_v.directory == bindparam("house"), _v.subject_id == bindparam("person"))
        .where(_v.opened_at >= bindparam("since"))
        .where(or_(_v.ended_at.is_(None), _v.ended_at >= bindparam("ended_since")))
        .order_by(_v.opened_at.desc())
    )
)


class SqlRuns:
    """The part of the store that knows the runs of a person."""

    database: Database

    def runs(
        self, directory: str, subject_id: str, since: datetime, ended_since: datetime | None = None
    ) -> Sequence[Run]:
        """List the runs of a person opened since then, newest first; none that ended before `ended_since`."""
        asked = {"house": directory, "person": subject_id, "since": since, "ended_since": ended_since or since}
        with self.database.read() as connection:
            return [Run(*row) for row in _RUNS.rows(connection, asked)]
