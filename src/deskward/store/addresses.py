"""`Addresses` on the database: what the house remembers of the addresses of people."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from deskward.core.destinations import Kind
from deskward.core.ports import Count
from deskward.core.records import Address
from deskward.core.secret import Secret
from deskward.store.columns import row_of, value_of
from deskward.store.database import Database
from deskward.store.runs import sent_to
from deskward.store.saving import put_rows, sealed_row
from deskward.store.sealing import Sealer
from deskward.store.tables import addresses, counts, sendings, verifications
from deskward.store.written import Written

BATCH = 500
_a, _c, _s, _v = addresses.c, counts.c, sendings.c, verifications.c
_REACHED = Written(sent_to)


class SqlAddresses:
    """Rows of people by directory and object id; the import of a directory is a row that is nobody's."""

    database: Database
    sealer: Sealer

    def addresses(self, directory: str, people: Sequence[str]) -> Sequence[Address]:
        """List everything remembered of these people, removed addresses too; nobody, “”, has the import's mark."""
        return self._addresses(select(addresses).where(_a.directory == directory, _a.subject_id.in_(people)))

    def address(self, address_id: str) -> Address | None:
        """Read one address."""
        return next(iter(self._addresses(select(addresses).where(_a.id == address_id))), None)

    def address_of_root(self, directory: str, subject_id: str, root: str) -> Address | None:
        """Find a person's address by its trust root."""
        same = (_a.directory == directory, _a.subject_id == subject_id, _a.root == root)
        return next(iter(self._addresses(select(addresses).where(*same))), None)

    def keep_addresses(self, rows: Iterable[Address]) -> None:
        """Write addresses, over those with the same id."""
        with self.database.write() as connection:
            put_rows(connection, addresses, [sealed_row(r, "value", self.sealer) for r in rows])

    def confirm_address(self, address_id: str, at: datetime) -> bool:
        """Note that its owner confirmed an address; False when that was done already or it is gone."""
        waits = (_a.id == address_id, _a.confirmed_at.is_(None), _a.removed_at.is_(None))
        with self.database.write() as connection:
            return bool(connection.execute(update(addresses).where(*waits).values(confirmed_at=at)).rowcount)

    def owners(self, roots: Sequence[str]) -> Mapping[str, AbstractSet[tuple[str, str]]]:
        """Tell whose each trust root is or was, as pairs of directory and person."""
        found = select(_a.root, _a.directory, _a.subject_id).where(_a.root.in_(roots))
        with self.database.read() as connection:
            return _pairs(connection.execute(found))

    def reached(self, roots: Sequence[str], since: datetime) -> Mapping[str, AbstractSet[tuple[str, str]]]:
        """Tell for whom a link or a code went to each trust root since then (SR-41)."""
        return _pairs(_REACHED.rows(self.database, {"roots": roots, "reached": since}))

    def imported(self, directory: str) -> Address | None:
        """Read the mark of a directory's import: first seen at the first one, used at the last."""
        return self.address(_mark_id(directory))

    def finish_import(self, directory: str, named: AbstractSet[str], at: datetime) -> int:
        """Mark the import as done and note which addresses it did not name; gives how many."""
        first = self.imported(directory)
        mark = Address(
            id=_mark_id(directory),
            directory=directory,
            subject_id="",
            kind=Kind.EMAIL,
            root="",
            source="import",
            label="",
            first_seen_at=first.first_seen_at if first else at,
            used_at=at,
        )
        with self.database.write() as connection:
            gone = _unnamed(connection, directory, named)
            for start in range(0, len(gone), BATCH):
                some = _a.id.in_(gone[start : start + BATCH])
                connection.execute(update(addresses).where(some).values(removed_at=at))
            put_rows(connection, addresses, [row_of(mark)])
        return len(gone)

    def take_try(self, count: Count, most: int, at: datetime) -> bool:
        """Use up one of `most` tries; False when none is left, however many try at once (SR-135)."""
        same = (_c.dimension == count.dimension, _c.key == count.key)
        with self.database.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(count.key))))
            used = connection.scalar(select(func.count()).select_from(counts).where(*same))
            if (used or 0) >= most:
                return False
            connection.execute(insert(counts), [row_of(count) | {"at": at}])
        return True

    def _addresses(self, query: Select[Any]) -> list[Address]:
        with self.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [replace(value_of(Address, row), value=self._opened(row)) for row in rows]

    def _opened(self, row: Mapping[Any, Any]) -> Secret:
        return self.sealer.opened(row["value"], row["id"])


def _pairs(rows: Iterable[Any]) -> Mapping[str, AbstractSet[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for root, directory, subject_id in rows:
        found[root].add((directory, subject_id))
    return found


def _mark_id(directory: str) -> str:
    return f"import:{directory}"


def _unnamed(connection: Connection, directory: str, named: AbstractSet[str]) -> list[str]:
    standing = (_a.directory == directory, _a.subject_id != "", _a.own.is_(False), _a.removed_at.is_(None))
    ids = connection.scalars(select(_a.id).where(*standing))
    return [address_id for address_id in ids if address_id not in named]
