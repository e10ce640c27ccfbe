"""How the verifications of a person went, and what every verdict asks of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, Text, bindparam, func, literal_column, or_, select, true

from deskward.core.lately import Lately, Since
from deskward.core.verification import Run, Verification
from deskward.store.columns import hints_of
from deskward.store.conditions import is_listed
from deskward.store.database import Database
from deskward.store.tables import sendings, verifications
from deskward.store.written import Written

REACHED = ("link", "code", "proof")
# Short names: psycopg reads a statement of more than 4096 signs anew each time.
SHORT = verifications.alias("v")
_s, _v = sendings.alias("s"), SHORT.c


def given(name: str) -> ColumnElement[str]:
    """Leave room for a text that needs no cleaning: it comes out of a row, or is a digest."""
    return bindparam(name, type_=Text)


THEIRS = (_v.directory == given("house"), _v.subject_id == given("person"))
STRANGERS = (_v.directory != given("house")) | (_v.subject_id != given("person"))


def _runs(*more: ColumnElement[bool]) -> Select[Any]:
    told = select(*(_v[name] for name in hints_of(Run)))
    return told.where(*THEIRS, _v.opened_at >= bindparam("opened"), *more)


def sent_to(dialect: str) -> Select[Any]:
    """Make the statement of the people whom a link or code reached at one of the `roots` since `reached`."""
    return (
        select(_s.c.root, _v.directory, _v.subject_id)
        .select_from(_s.join(SHORT, _s.c.verification_id == _v.id))
        .where(is_listed(dialect, _s.c.root, "roots"), _s.c.at >= bindparam("reached"))
        .where(_s.c.purpose.in_([literal_column(f"'{purpose}'") for purpose in REACHED]))
        .distinct()
    )


def others_of(dialect: str) -> Subquery:
    """Make the select of `others`, one row: empty where nobody shares an address."""
    sent = sent_to(dialect).where(STRANGERS).subquery("s")
    people = select(func.count().label("people")).select_from(sent).group_by(sent.c.root).subquery("p")
    return select(func.max(people.c.people).label("others")).subquery("o")


def runs_lately() -> Select[Any]:
    """Make the select of the runs that a verdict asks for."""
    lasting = or_(_v.ended_at.is_(None), _v.ended_at >= bindparam("ended"))
    return _runs(_v.id != given("own"), lasting)


def asked_of(judged: Verification, since: Since) -> dict[str, Any]:
    """Give the values that both ask with."""
    roots = sorted({proof.root for proof in judged.proofs})
    whose = {"own": judged.id, "house": judged.directory, "person": judged.subject_id, "roots": roots}
    return {**whose, **vars(since)}


_RUNS = Written(lambda _: _runs().order_by(_v.opened_at.desc()))


def _lately(dialect: str) -> Select[Any]:
    """Join them: the count stands beside each run, whose columns are empty where there is none."""
    others, runs = others_of(dialect), runs_lately().subquery()
    return select(others, runs).select_from(others.outerjoin(runs, true()))


_LATELY = Written(_lately)


class SqlRuns:
    """The part of the store that knows the runs of a person."""

    database: Database

    def runs(self, directory: str, subject_id: str, since: datetime) -> Sequence[Run]:
        """List the runs of a person opened since then, newest first."""
        asked = {"house": directory, "person": subject_id, "opened": since}
        return [Run(*row) for row in _RUNS.rows(self.database, asked)]

    def lately(self, judged: Verification, since: Since) -> Lately:
        """Tell what a verdict asks of the time before, in one statement."""
        rows = _LATELY.rows(self.database, asked_of(judged, since))
        return Lately([Run(*run) for _, *run in rows if run[0]], rows[0][0] or 0)
