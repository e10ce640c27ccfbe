"""The one transaction of a change: verification, event, errands and the rest, in few statements."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, and_, func, insert, literal, select, update

from deskward.core.authenticators import Used
from deskward.core.errors import ConflictError, LimitError, RefusedError, SecondPersonError
from deskward.core.ports import Ceiling, Change, Errand, Grant, KnownTicket
from deskward.core.searching import tail_of
from deskward.core.verification import Verification
from deskward.store.columns import row_of
from deskward.store.database import upserting
from deskward.store.requesters import counted_in
from deskward.store.sealing import Sealer
from deskward.store.sightings import remembered
from deskward.store.standing import fenced, revoke_grants
from deskward.store.summing import counted_by
from deskward.store.tables import (
    addresses,
    authenticators,
    counts,
    enrolments,
    errands,
    events,
    fences,
    grants,
    known_tickets,
    sendings,
    verifications,
    vouches,
)
from deskward.store.threat import raised

# `opens` is counted beside the versions, so a change that read it earlier must not set it back.
_COUNTED_ASIDE = ("opens",)


def write_change(
    connection: Connection, old: Verification, change: Change, now: datetime, sealer: Sealer | None = None
) -> Verification:
    """Write it all; ConflictError when the version moved, LimitError, RefusedError for a spent grant.

    SecondPersonError for a calm change while the threat level is raised (SR-67).
    """
    new = replace(old, version=old.version + 1, updated_at=now)
    _write_verification(connection, old, new, calm=change.calm)
    if change.consume:
        _consume(connection, change.consume, now)
    if change.event:
        event = replace(change.event, verification_id=new.id, seq=new.version)
        connection.execute(insert(events), [row_of(event)])
    if change.grant:
        _grant(connection, change.grant, now)
    _add(connection, insert(errands), [_errand_row(e, new.version) for e in change.errands])
    _add(connection, insert(sendings), [row_of(s) for s in change.sendings])
    _add(connection, insert(counts), [row_of(c) | {"at": now} for c in change.counts])
    _keep(connection, change.ceilings)
    if change.known:
        remember(connection, [change.known])
    if sealer:
        _write_proof(connection, change, now, sealer)
    return new


def _write_proof(connection: Connection, change: Change, now: datetime, sealer: Sealer) -> None:
    for used in change.used:
        if not use(connection, used, now):
            raise ConflictError("This was used already.", "Use a fresh code, or another way.")
    _add(connection, insert(authenticators), [sealed_row(a, "sealed", sealer) for a in change.enrolled])
    if change.removed:
        mine = authenticators.c.id.in_(change.removed)
        connection.execute(update(authenticators).where(mine).values(removed_at=now))
    put_rows(connection, enrolments, [row_of(e) for e in change.enrolments])
    if change.fence:
        put_rows(connection, fences, [row_of(change.fence)])
        if change.fence.stands(now):
            revoke_grants(connection, change.fence, now)
    put_rows(connection, addresses, [sealed_row(a, "value", sealer) for a in change.addresses])
    put_rows(connection, vouches, [row_of(v) for v in change.vouches])


def use(connection: Connection, used: Used, now: datetime) -> bool:
    """Note one use of an authenticator by one conditional update; False when it may not be used (SR-11)."""
    columns = authenticators.c
    usable = [columns.id == used.id, columns.spent_at.is_(None), columns.removed_at.is_(None)]
    values: dict[str, Any] = {"used_at": now} | ({"spent_at": now} if used.spends else {})
    if used.counter is not None:
        usable.append(columns.counter < used.counter)
        values["counter"] = used.counter
    return bool(connection.execute(update(authenticators).where(*usable).values(values)).rowcount)


def sealed_row(value: Any, field: str, sealer: Sealer) -> dict[str, Any]:
    """Give the row of a value whose secret field is sealed for it."""
    row = row_of(value)
    return row | {field: sealer.sealed(row[field], row["id"])}


def put_rows(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    """Insert rows; one that is there already under its id gets the new values."""
    if rows:
        statement = upserting(connection, table)
        fresh = {name: statement.excluded[name] for name in rows[0] if name != "id"}
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=fresh), rows)


def _write_verification(connection: Connection, old: Verification, new: Verification, *, calm: bool) -> None:
    derived = {"is_open": not new.ended, "status": new.status.label, **remembered(new), **counted_by(new)}
    if not old.version:
        found_by = {
            "number_tail": tail_of(new.ticket_number),
            "requester_number": counted_in(connection, new.requester_name, new.requester_email),
        }
        connection.execute(insert(verifications), [row_of(new) | derived | found_by])
        return
    columns = verifications.c
    unmoved = and_(columns.id == old.id, columns.version == old.version)
    values = row_of(new, omit=("id", *_COUNTED_ASIDE)) | derived
    may_be = and_(unmoved, ~raised(new.updated_at)) if calm else unmoved
    if connection.execute(update(verifications).where(may_be).values(values)).rowcount != 1:
        if calm and connection.scalar(select(raised(new.updated_at))):
            raise SecondPersonError("The threat level is raised, so a second person must approve first.")
        raise ConflictError("This verification was changed in the meantime.", "Reload the page and try again.")


def _consume(connection: Connection, grant_id: str, now: datetime) -> None:
    columns = grants.c
    unspent = and_(columns.id == grant_id, columns.spent_at.is_(None), columns.expires_at > now, ~fenced(now))
    if connection.execute(update(grants).where(unspent).values(spent_at=now)).rowcount != 1:
        raise RefusedError(
            "The permission for this action is used up or has expired.", "Ask the help desk for a new link."
        )


def _keep(connection: Connection, ceilings: Iterable[Ceiling]) -> None:
    """Count with our own marks in; SQLite has one writer, on PostgreSQL savers of one budget queue up here."""
    if connection.dialect.name == "postgresql":
        for name in sorted({f"{one.count.dimension}:{one.count.key}" for one in ceilings}):
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
    columns = counts.c
    for one in ceilings:
        same = (columns.dimension == one.count.dimension, columns.key == one.count.key, columns.at >= one.since)
        if connection.scalars(select(func.count()).select_from(counts).where(*same)).one() > one.most:
            raise LimitError(one.text, one.retry_after, one.hint)


def _grant(connection: Connection, grant: Grant, now: datetime) -> None:
    """Insert a grant in one statement, unless a fence stands for its person (SR-47)."""
    row, columns = row_of(grant), grants.c
    values = select(*(literal(value, columns[name].type) for name, value in row.items()))
    stands = fenced(now, literal(grant.directory), literal(grant.subject_id))
    added = insert(grants).from_select(list(row), values.where(~stands)).returning(columns.id)
    if connection.execute(added).first() is None:
        raise RefusedError(
            "Nothing can be done for this person: the account's owner said “this is not me”.",
            "Call the help desk.",
        )


def _errand_row(errand: Errand, seq: int) -> dict[str, Any]:
    about = {name: value.replace("{seq}", str(seq)) for name, value in errand.about.items()}
    return row_of(errand, omit=("id",)) | {"key": errand.key.replace("{seq}", str(seq)), "about": about}


def _add(connection: Connection, statement: Insert, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)


def add_errands(connection: Connection, new: Iterable[Errand]) -> None:
    """Write errands; a key that is already there is left alone.

    Sorted by lane only, so that two writers hardly ever deadlock and a lane keeps the order it was given.
    """
    rows = [row_of(e, omit=("id",)) for e in sorted(new, key=lambda errand: errand.lane)]
    _add(connection, upserting(connection, errands).on_conflict_do_nothing(index_elements=["key"]), rows)


def remember(connection: Connection, known: Iterable[KnownTicket]) -> None:
    """Write what is known of tickets, over what was known before."""
    rows = sorted((row_of(k) for k in known), key=lambda row: (row["connector"], row["ticket_id"]))
    statement = upserting(connection, known_tickets)
    fresh: Mapping[str, Any] = {n: statement.excluded[n] for n in ("category", "requester_id")}
    _add(connection, statement.on_conflict_do_update(index_elements=["connector", "ticket_id"], set_=fresh), rows)
