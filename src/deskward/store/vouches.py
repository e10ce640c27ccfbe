"""`Vouches` on the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from deskward.core.records import Vouch
from deskward.store.columns import value_of
from deskward.store.conditions import is_filled
from deskward.store.database import Database
from deskward.store.tables import sendings, vouches

_v, _s = vouches.c, sendings.c


class SqlVouches:
    """Rows by verification, by token and by who signed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, vouch_id: str) -> Vouch | None:
        """Read one vouch."""
        return next(iter(self._all(select(vouches).where(_v.id == vouch_id))), None)

    def by_token(self, digest: str) -> Vouch | None:
        """Find the vouch whose message carries the token with this digest."""
        asked = select(vouches).join(sendings, _s.id == _v.id)
        found = self._all(asked.where(_s.token_digest == digest, is_filled(_s.token_digest)))
        return next(iter(found), None)

    def of(self, verification_id: str) -> Sequence[Vouch]:
        """List the vouches of a verification, oldest first."""
        return self._all(select(vouches).where(_v.verification_id == verification_id).order_by(_v.asked_at, _v.id))

    def given(self, directory: str, voucher_id: str, since: datetime) -> Sequence[Vouch]:
        """List what a person has signed for others since then."""
        mine = (_v.directory == directory, _v.voucher_id == voucher_id, _v.signed_at >= since)
        return self._all(select(vouches).where(*mine).order_by(_v.signed_at))

    def _all(self, query: Select[Any]) -> list[Vouch]:
        with self._database.read() as connection:
            return [value_of(Vouch, row) for row in connection.execute(query).mappings()]
