"""`IntegrationRows` on the database."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, insert, literal_column, select, update
from sqlalchemy.exc import IntegrityError

from deskward.core.errors import ConflictError
from deskward.core.integrations import TAKES_AT_MOST, Checkup, Lane, NoteLook, PathToken, Pulse, place_of
from deskward.core.ports import Bell, Errand, ErrandKind
from deskward.core.tickets import Check
from deskward.store.columns import row_of, value_of
from deskward.store.database import Database, upserting
from deskward.store.saving import add_errands
from deskward.store.tables import WAITING, checkups, errands, note_looks, path_tokens, pulses, verifications

_c, _e, _n, _t = checkups.c, errands.c, note_looks.c, path_tokens.c
_UNDONE: tuple[ColumnElement[bool], ...] = (
    literal_column(f"errands.{WAITING}"),
    literal_column("errands.state = 'parked'"),
)
NO_RESULT = Check("test", well=False, text="There was no result in time.", hint="Look at the log, and test again.")


class SqlIntegrations:
    """Reads and writes what is known of integrations; `bell` is told of new tests."""

    def __init__(self, database: Database, bell: Bell) -> None:
        self._database = database
        self._bell = bell

    def pulses(self) -> Mapping[str, Pulse]:
        """Read how the last contacts went, by integration."""
        return {one.integration: one for one in self._all(Pulse, select(pulses))}

    def beat(self, integration: str, at: datetime, error: str = "", *, reached: bool = True) -> None:
        """Note one contact; with `error` it failed."""
        told = {"failed_at": at, "error": error, "reached": reached}
        told = told if error else {"succeeded_at": at, "reached": True}
        whole = row_of(Pulse(integration)) | told
        with self._database.write() as connection:
            beaten = upserting(connection, pulses).values(whole)
            connection.execute(beaten.on_conflict_do_update(index_elements=["integration"], set_=told))

    def backlog(self) -> Mapping[str, Sequence[Lane]]:
        """List what is not done, by integration; the fullest lanes first."""
        found: dict[str, dict[str, Lane]] = defaultdict(dict)
        with self._database.read() as connection:
            rows = [row for undone in _UNDONE for row in connection.execute(_lanes(undone))]
        for kind, lane, directory, waiting, failing, parked, error in rows:
            lanes = found[place_of(ErrandKind(kind), lane, directory or "")]
            old = lanes.get(lane, Lane(lane, 0, 0, 0))
            sums = (old.waiting + waiting, old.failing + failing, old.parked + parked)
            lanes[lane] = Lane(lane, *sums, error or old.error)
        return {name: sorted(lanes.values(), key=_fullest) for name, lanes in found.items() if name}

    def ask(self, checkup: Checkup, errand: Errand) -> None:
        """Write a test and its errand; ConflictError while another one runs, unless it takes too long."""
        late = (_c.done_at.is_(None), _c.asked_at <= checkup.asked_at - TAKES_AT_MOST)
        over = {"done_at": checkup.asked_at, "checks": (NO_RESULT,)}
        try:
            with self._database.write() as connection:
                connection.execute(update(checkups).where(*late).values(over))
                connection.execute(insert(checkups), [row_of(checkup)])
                add_errands(connection, [errand])
        except IntegrityError as error:
            raise ConflictError("A test is under way already.", "Wait for its result.") from error
        self._bell.ring([errand.lane])

    def begin(self, checkup_id: str, at: datetime) -> Checkup | None:
        """Begin a test, once; None when it was begun or is over."""
        fresh = (_c.id == checkup_id, _c.begun_at.is_(None), _c.done_at.is_(None))
        begun = update(checkups).where(*fresh).values(begun_at=at).returning(*_c)
        with self._database.write() as connection:
            row = connection.execute(begun).mappings().one_or_none()
        return None if row is None else value_of(Checkup, row)

    def tell(self, checkup_id: str, checks: Sequence[Check], done_at: datetime | None = None) -> None:
        """Write what a test has found so far; `done_at` ends it."""
        told = update(checkups).where(_c.id == checkup_id, _c.done_at.is_(None))
        with self._database.write() as connection:
            connection.execute(told.values(checks=tuple(checks), done_at=done_at))

    def checkups(self) -> Mapping[str, Checkup]:
        """Read the newest test of each integration."""
        newest = select(_c.integration, func.max(_c.asked_at).label("at")).group_by(_c.integration).subquery()
        same = (_c.integration == newest.c.integration) & (_c.asked_at == newest.c.at)
        return {one.integration: one for one in self._all(Checkup, select(checkups).join(newest, same))}

    def wrote(self, look: NoteLook) -> None:
        """Remember a test note that was written; once per marker."""
        with self._database.write() as connection:
            fresh = upserting(connection, note_looks).values(row_of(look))
            connection.execute(fresh.on_conflict_do_nothing(index_elements=["id"]))

    def answer(self, look_id: str, at: datetime, by: str, *, hidden: bool) -> bool:
        """Write what a person saw; False when that was said already."""
        unsaid = update(note_looks).where(_n.id == look_id, _n.looked_at.is_(None))
        with self._database.write() as connection:
            return bool(connection.execute(unsaid.values(looked_at=at, looked_by=by, hidden=hidden)).rowcount)

    def looks(self, connector: str, limit: int) -> Sequence[NoteLook]:
        """List test notes, newest first."""
        newest = select(note_looks).where(_n.connector == connector).order_by(_n.written_at.desc(), _n.id)
        return self._all(NoteLook, newest.limit(limit))

    def seen(self, connector: str, way: str) -> NoteLook | None:
        """Read what was said last about notes that are written this way."""
        said = (_n.connector == connector, _n.way == way, _n.looked_at.is_not(None))
        newest = select(note_looks).where(*said).order_by(_n.looked_at.desc(), _n.id)
        return next(iter(self._all(NoteLook, newest.limit(1))), None)

    def rotate(self, fresh: PathToken, ends_at: datetime, before: str, given: str) -> None:
        """Put a new token in the place of the one in use, which ends then; ConflictError when that is another."""
        lasting = (_t.connector == fresh.connector, _t.ends_at.is_(None))
        longer = (_t.connector == fresh.connector, _t.ends_at > ends_at)
        own = PathToken(given, fresh.connector, fresh.made_at, "settings", ends_at)
        try:
            with self._database.write() as connection:
                connection.execute(update(path_tokens).where(*longer).values(ends_at=ends_at))
                ended = connection.execute(
                    update(path_tokens).where(*lasting).values(ends_at=ends_at).returning(_t.digest)
                )
                if (ended.scalar() or "") != before:
                    raise _overtaken()
                if given:
                    known = upserting(connection, path_tokens).values(row_of(own))
                    connection.execute(known.on_conflict_do_nothing(index_elements=["digest"]))
                connection.execute(insert(path_tokens), [row_of(fresh)])
        except IntegrityError as error:
            raise _overtaken() from error

    def path_token(self, digest: str) -> PathToken | None:
        """Find a token by its digest."""
        return next(iter(self._all(PathToken, select(path_tokens).where(_t.digest == digest))), None)

    def path_tokens(self, connector: str) -> Sequence[PathToken]:
        """List the tokens of a connector, newest first."""
        own = select(path_tokens).where(_t.connector == connector)
        return self._all(PathToken, own.order_by(_t.made_at.desc(), _t.ends_at.is_not(None), _t.digest))

    def _all(self, kind: Any, query: Select[Any]) -> list[Any]:
        with self._database.read() as connection:
            return [value_of(kind, row) for row in connection.execute(query).mappings()]


def _overtaken() -> ConflictError:
    return ConflictError("The address was changed a moment ago.", "Reload the page to see by whom.")


def _lanes(undone: ColumnElement[Any]) -> Select[Any]:
    parked, failed = _e.state == "parked", _e.last_error != ""
    sums = (_sum(~parked & ~failed), _sum(~parked & failed), _sum(parked))
    directory = verifications.c.directory
    joined = errands.outerjoin(verifications, verifications.c.id == _e.verification_id)
    told = select(_e.kind, _e.lane, directory, *sums, func.max(_e.last_error))
    return told.select_from(joined).where(undone).group_by(_e.kind, _e.lane, directory)


def _sum(wanted: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((wanted, 1), else_=0))


def _fullest(lane: Lane) -> tuple[int, int, str]:
    return -lane.parked - lane.failing, -lane.waiting, lane.lane
