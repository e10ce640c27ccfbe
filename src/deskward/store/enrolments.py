"""`Enrolments` on the database."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select

from deskward.core.authenticators import Enrolment
from deskward.store.columns import value_of
from deskward.store.database import Database
from deskward.store.tables import enrolments

_e = enrolments.c


class SqlEnrolments:
    """Reads permissions to enrol."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, enrolment_id: str) -> Enrolment | None:
        """Read one."""
        return next(iter(self._where(_e.id == enrolment_id)), None)

    def by_token(self, digest: str) -> Enrolment | None:
        """Find the one whose link or web session has this digest."""
        return next(iter(self._where(_e.token_digest == digest)), None)

    def of(self, verification_id: str) -> Sequence[Enrolment]:
        """List those of a verification, oldest first."""
        return self._where(_e.verification_id == verification_id)

    def _where(self, wanted: ColumnElement[bool]) -> Sequence[Enrolment]:
        rows = select(enrolments).where(wanted).order_by(_e.opened_at, _e.id)
        with self._database.read() as connection:
            return [value_of(Enrolment, row) for row in connection.execute(rows).mappings().all()]
