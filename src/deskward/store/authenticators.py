"""`Authenticators` on the database; what has to be read again is sealed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from deskward.core.authenticators import Authenticator, Used
from deskward.core.errors import ConflictError
from deskward.store.columns import value_of
from deskward.store.database import Database
from deskward.store.saving import sealed_row, use
from deskward.store.sealing import Sealer
from deskward.store.tables import authenticators

_a = authenticators.c


class SqlAuthenticators:
    """Rows by owner; one conditional update per use."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def of(self, owner: str, kind: str = "") -> Sequence[Authenticator]:
        """List the living ones of an owner, oldest first."""
        living = [_a.owner == owner, _a.spent_at.is_(None), _a.removed_at.is_(None)]
        wanted = select(authenticators).where(*living, *([_a.kind == kind] if kind else []))
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(_a.enrolled_at, _a.id)).mappings().all()
        found = (value_of(Authenticator, row) for row in rows)
        return [replace(a, sealed=self._sealer.opened(a.sealed, a.id)) for a in found]

    def owners_of(self, owners: Collection[str], kind: str, at: datetime) -> set[str]:
        """Tell which of these owners have a living one of this kind that counts at that moment."""
        if not owners:
            return set()
        living = (_a.kind == kind, _a.spent_at.is_(None), _a.removed_at.is_(None), _a.counts_from <= at)
        wanted = select(_a.owner).where(_a.owner.in_(sorted(owners)), *living).distinct()
        with self._database.read() as connection:
            return set(connection.scalars(wanted))

    def enrol(self, fresh: Iterable[Authenticator]) -> None:
        """Add some, all or none; ConflictError when one of them is there already."""
        rows = [sealed_row(a, "sealed", self._sealer) for a in fresh]
        if not rows:
            return
        try:
            with self._database.write() as connection:
                connection.execute(insert(authenticators), rows)
        except IntegrityError as error:
            raise ConflictError("This is set up already.", "Reload the page to see it.") from error

    def use(self, used: Used, at: datetime) -> bool:
        """Note one use; False when it may not be used."""
        with self._database.write() as connection:
            return use(connection, used, at)

    def remove(self, authenticator_id: str, at: datetime) -> bool:
        """Remove one; False when it is not there."""
        living = (_a.id == authenticator_id, _a.removed_at.is_(None))
        with self._database.write() as connection:
            return bool(connection.execute(update(authenticators).where(*living).values(removed_at=at)).rowcount)
