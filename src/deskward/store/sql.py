"""`Store` on SQLAlchemy Core, for SQLite and PostgreSQL."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Select, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from deskward.core.errors import ConflictError
from deskward.core.events import Event
from deskward.core.ports import (
    Bell,
    Change,
    Clock,
    Count,
    Delivery,
    Errand,
    ErrandKind,
    ErrandState,
    Grant,
    KnownTicket,
    Receipt,
    Sending,
)
from deskward.core.retention import Retention
from deskward.core.verification import State, Verification
from deskward.store.addresses import SqlAddresses
from deskward.store.columns import row_of, value_of
from deskward.store.conditions import IS_OPEN, is_filled
from deskward.store.database import Database, upserting
from deskward.store.deleting import delete_entries, delete_results, deleted_at
from deskward.store.enrolments import SqlEnrolments
from deskward.store.integrations import SqlIntegrations
from deskward.store.resets import SqlResets, forget_resets
from deskward.store.retention import forget_raw
from deskward.store.runs import SqlRuns
from deskward.store.saving import add_errands, remember, write_change
from deskward.store.sealing import Sealer
from deskward.store.sightings import SqlSightings, forget
from deskward.store.standing import Standing
from deskward.store.tables import (
    counts,
    errands,
    events,
    grants,
    installation,
    known_tickets,
    sendings,
    verifications,
)
from deskward.store.vouches import SqlVouches

COUNTS_KEPT, HINTS_KEPT = timedelta(days=32), timedelta(days=1)
_FINAL = (Delivery.DELIVERED, Delivery.REFUSED)
_v, _s, _c, _e = verifications.c, sendings.c, counts.c, errands.c

Value = TypeVar("Value")


class SilentBell:
    """Rings nobody; the sweeper finds the errands all the same."""

    def ring(self, lanes: Iterable[str]) -> None:
        """Do nothing."""


@dataclass
class SqlStore(SqlAddresses, SqlRuns, Standing):
    """`Store` on a database whose tables stand; `bell` is told of new errands after each commit.

    Until the wiring gives the installation's `sealer`, what is sealed can be opened by this very process only.
    """

    database: Database
    clock: Clock
    bell: Bell = field(default_factory=SilentBell)
    sealer: Sealer = field(default_factory=lambda: Sealer(os.urandom(32)))

    @property
    def vouches(self) -> SqlVouches:
        """Give what reads the words of colleagues."""
        return SqlVouches(self.database)

    @property
    def enrolments(self) -> SqlEnrolments:
        """Give what reads permissions to enrol."""
        return SqlEnrolments(self.database)

    @property
    def sightings(self) -> SqlSightings:
        """Give what reads earlier visits."""
        return SqlSightings(self.database)

    @property
    def resets(self) -> SqlResets:
        """Give what is kept about resets that a directory's log tells of."""
        return SqlResets(self.database)

    @property
    def integrations(self) -> SqlIntegrations:
        """Give what is kept about integrations."""
        return SqlIntegrations(self.database, self.bell)

    def save(self, verification: Verification, change: Change) -> Verification:
        """Write the change in one transaction and ring; `updated_at` and `version` are set here."""
        try:
            with self.database.write() as connection:
                saved = write_change(connection, verification, change, self.clock.now(), self.sealer)
        except IntegrityError as error:
            raise ConflictError(
                "Somebody else did the same a moment ago.", "Reload the page to see where it stands."
            ) from error
        self._ring(change.errands)
        return saved

    def get(self, verification_id: str) -> Verification | None:
        """Read one verification."""
        return self._first(Verification, select(verifications).where(_v.id == verification_id))

    def open_for(self, connector: str, ticket_id: str) -> Verification | None:
        """Read the open verification of a ticket."""
        of_ticket = (IS_OPEN, _v.connector == connector, _v.ticket_id == ticket_id)
        return self._first(Verification, select(verifications).where(*of_ticket))

    def by_link(self, digest: str) -> Verification | None:
        """Find the verification whose newest link has this digest."""
        return self._first(
            Verification, select(verifications).where(_v.link_digest == digest, is_filled(_v.link_digest))
        )

    def by_fallback(self, digest: str) -> Verification | None:
        """Find it by the hand-typed code: the open one first; None where two share the code."""
        same = select(verifications).where(_v.fallback_digest == digest, is_filled(_v.fallback_digest))
        with self.database.read() as connection:
            rows = connection.execute(same.order_by(_v.is_open.desc()).limit(2)).mappings().all()
        if not rows or (len(rows) > 1 and rows[0]["is_open"] == rows[1]["is_open"]):
            return None
        return value_of(Verification, rows[0])

    def by_pin(self, digest: str) -> Verification | None:
        """Find the newest verification pinned to this portal session."""
        pinned = select(verifications).where(_v.pin == digest, is_filled(_v.pin))
        return self._first(Verification, pinned.order_by(_v.opened_at.desc()))

    def overdue(self, now: datetime, limit: int) -> Sequence[Verification]:
        """List open verifications whose deadline is over, the oldest first; actions are never cut off."""
        late = (
            select(verifications)
            .where(IS_OPEN, _v.deadline <= now, _v.state != State.ACTING)
            .order_by(_v.deadline)
        )
        return self._all(Verification, late.limit(limit))

    def open_tickets(self, connector: str) -> Sequence[str]:
        """List the ids of the tickets of a connector whose verification has not ended."""
        with self.database.read() as connection:
            return connection.scalars(select(_v.ticket_id).where(IS_OPEN, _v.connector == connector)).all()

    def known(self, connector: str, ticket_id: str) -> KnownTicket | None:
        """Recall a ticket."""
        columns = known_tickets.c
        same = (columns.connector == connector, columns.ticket_id == ticket_id)
        return self._first(KnownTicket, select(known_tickets).where(*same))

    def remember(self, known: Iterable[KnownTicket]) -> None:
        """Remember tickets without doing anything about them."""
        with self.database.write() as connection:
            remember(connection, known)

    def counted(self, counts: Sequence[Count], since: datetime) -> Mapping[Count, int]:
        """Count the marks of each budget since then, all in one query; 0 where there is none."""
        found = dict.fromkeys(counts, 0)
        pairs = tuple_(_c.dimension, _c.key).in_([(count.dimension, count.key) for count in found])
        marks = select(_c.dimension, _c.key, func.count()).where(pairs, _c.at >= since)
        with self.database.read() as connection:
            for dimension, key, number in connection.execute(marks.group_by(_c.dimension, _c.key)):
                found[Count(dimension, key)] = number
        return found

    def earlier(self, directory: str, subject_id: str, since: datetime, limit: int) -> Sequence[Verification]:
        """List the verifications of a person opened since then, newest first, at most `limit`."""
        of_person = (_v.directory == directory, _v.subject_id == subject_id, _v.opened_at >= since)
        newest = select(verifications).where(*of_person).order_by(_v.opened_at.desc()).limit(limit)
        return self._all(Verification, newest)

    def count_open(self, verification_id: str) -> None:
        """Add one to the counter of opens; no event, no version (DESIGN 9.4)."""
        one_more = update(verifications).where(_v.id == verification_id).values(opens=_v.opens + 1)
        with self.database.write() as connection:
            connection.execute(one_more)

    def add_counts(self, counts: Sequence[Count], at: datetime) -> None:
        """Add one mark to each budget."""
        if counts:
            with self.database.write() as connection:
                connection.execute(insert(_c.at.table), [row_of(count) | {"at": at} for count in counts])

    def sending(self, sending_id: str) -> Sending | None:
        """Read one sending by its id or by the other side's ref."""
        by_ref = (_s.ref == sending_id) & (is_filled(_s.ref))
        return self._first(Sending, select(sendings).where(or_(_s.id == sending_id, by_ref)).order_by(_s.number))

    def sending_of_form(self, form_key: str) -> Sending | None:
        """Find what this very form has sent first."""
        same = select(sendings).where(_s.form_key == form_key, is_filled(_s.form_key))
        return self._first(Sending, same.order_by(_s.number))

    def sendings(self, verification_id: str) -> Sequence[Sending]:
        """List the sendings of a verification, oldest first."""
        return self._all(
            Sending, select(sendings).where(_s.verification_id == verification_id).order_by(_s.number)
        )

    def update_sending(self, sending_id: str, receipt: Receipt) -> None:
        """Note how far a message has come; final states stay, and nothing goes back to “queued”."""
        values = {"delivery": receipt.delivery, "detail": receipt.text} | (
            {"ref": receipt.ref} if receipt.ref else {}
        )
        kept = [d for d in Delivery if d is not Delivery.QUEUED] if receipt.delivery is Delivery.QUEUED else _FINAL
        change = update(sendings).where(_s.id == sending_id, _s.delivery.not_in(kept)).values(values)
        with self.database.write() as connection:
            connection.execute(change)

    def events(self, verification_id: str) -> Sequence[Event]:
        """List the events of a verification, oldest first."""
        return self._all(
            Event, select(events).where(events.c.verification_id == verification_id).order_by(events.c.seq)
        )

    def grant(self, grant_id: str) -> Grant | None:
        """Read a grant."""
        return self._first(Grant, select(grants).where(grants.c.id == grant_id))

    def enqueue(self, errands: Iterable[Errand]) -> None:
        """Write errands that belong to no change of state, and ring; a known key is left alone."""
        new = tuple(errands)
        if new:
            with self.database.write() as connection:
                add_errands(connection, new)
            self._ring(new)

    def first_start(self) -> datetime:
        """Give the time of this installation's first start, which the first call fixes."""
        with self.database.read() as connection:
            known = connection.scalar(select(installation.c.first_start))
        return known if isinstance(known, datetime) else self._start_first()

    def deleted_at(self, verification_id: str) -> datetime | None:
        """Tell when a verification was deleted because its time was over."""
        with self.database.read() as connection:
            return deleted_at(connection, verification_id)

    def prune(self, now: datetime, kept: Retention) -> bool:
        """Forget counts that no budget looks back to, hints that were followed up, and what SR-121 lets go."""
        followed = (_e.kind == ErrandKind.INTAKE, _e.state == ErrandState.DONE, _e.done_at < now - HINTS_KEPT)
        with self.database.write() as connection:
            connection.execute(delete(counts).where(_c.at < now - COUNTS_KEPT))
            connection.execute(delete(errands).where(*followed))
            forget(connection, now, kept)
            forget_resets(connection, now, kept)
        forget_raw(self.database, now - kept.raw)
        return delete_results(self.database, now, kept) | delete_entries(self.database, now, kept)

    def _start_first(self) -> datetime:
        with self.database.write() as connection:
            first = upserting(connection, installation).values(id=1, first_start=self.clock.now())
            connection.execute(first.on_conflict_do_nothing())
            fixed: datetime = connection.scalars(select(installation.c.first_start)).one()
        return fixed

    def _ring(self, errands: Iterable[Errand]) -> None:
        if lanes := dict.fromkeys(errand.lane for errand in errands):
            self.bell.ring(lanes)

    def _first(self, kind: type[Value], query: Select[Any]) -> Value | None:
        with self.database.read() as connection:
            row = connection.execute(query.limit(1)).mappings().first()
        return None if row is None else value_of(kind, row)

    def _all(self, kind: type[Value], query: Select[Any]) -> list[Value]:
        with self.database.read() as connection:
            return [value_of(kind, row) for row in connection.execute(query).mappings()]
