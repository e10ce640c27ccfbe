"""Fills the table of verifications by copies of one: people, agents, times, states and risk differ."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

from sqlalchemy import Connection, insert, text

from deskward.core.accounts import Agent
from deskward.core.ports import Change
from deskward.core.searching import parts_of, searched_words
from deskward.core.verification import Verification
from deskward.store.columns import row_of
from deskward.store.database import Database
from deskward.store.opening import Opened
from deskward.store.tables import agents, day_sums, requester_parts, requesters

AT_ONCE, PEOPLE_AT_ONCE = 1_000_000, 1_000
AGENTS = 200
CATEGORIES = ("Password Reset", "Account Unlock")
_NAMES = {
    "first": "Ana Ben Cora Dion Elif Femi Gül Hana Ivo Jan Kira Lars Mina Noor Ole Petra Quin Rosa Sven Tara",
    "second": "Anna Bea Carl Dora Emil Finn Greta Hugo Ines Jonas",
    "stem": "Abel Brand Casta Dahl Ebers Fisch Gold Holm Ising Jacob Karls Lind Magn Nord Oster Ros Stein Thor",
    "end": "sen berg mann sson ova ez ini ski oglu dottir",
}


def _shared(number: str, **below: int) -> str:
    """Write an expression: the first value that the number is below of."""
    cases = " ".join(f"WHEN {number} < {limit} THEN '{value}'" for value, limit in below.items())
    return f"CASE {cases} END"


# name of the column: what copy n has there; the number in front of % is prime, so that the columns are independent
CHANGED = {
    "id": "'DW-' || {padded}",
    "ticket_id": "'copy-' || n",
    "ticket_number": "'IR-' || n",
    "number_tail": "n",
    "pin": "''",
    "link_digest": "''",
    "is_open": "false",
    "requester_number": "who.number",
    "subject_id": "'p-' || who.number",
    "requester_name": "who.name",
    "requester_email": "who.email",
    "agent_id": f"'AG-' || (n * 13 % {AGENTS})",
    "agent_name": f"'Agent ' || (n * 13 % {AGENTS})",
    "category": f"CASE WHEN n * 7 % 10 < 7 THEN '{CATEGORIES[0]}' ELSE '{CATEGORIES[1]}' END",
    "state": _shared("n * 17 % 1000", done=850, failed=999, timed_out=1000),
    "outcome": _shared("n * 17 % 1000", passed=850, failed=999, timed_out=1000),
    "status": _shared("n * 17 % 1000", **{"Passed": 850, "Failed": 999, "Timed Out": 1000}),
    "risk_level": _shared("n * 19 % 101", Verified=90, Medium=98, High=101),
    "risk_score": "n * 23 % 101 / 10.0",
    "opened_at": "{at}",
    "started_at": "{at}",
    "reached": "'|started|completed|took-' || (n % 40 + 40) || '|link-answered|link-right|'",
    "need": "CASE WHEN n % 50000 = 7 THEN 'review' ELSE '' END",
}
# What dashboard and audit log read, made of the rows that are there; sums by their name.
SUMS = {
    "level": "risk_level",
    "category": "category",
    "agent": "agent_id",
    **{f"reached {word}": f"'{word}'" for word in ("started", "completed", "link-answered", "link-right")},
    "reached took": "'took-' || (number_tail % 40 + 40)",
}
SUMMED = """
INSERT INTO day_sums (name, day, value, status, number)
SELECT '{name}', {day}, {value}, status, count(*) FROM verifications WHERE number_tail > 0 GROUP BY 2, 3, 4
"""
LOGGED = """
INSERT INTO events (verification_id, seq, kind, at, actor, fields)
SELECT id, 1, 'opened', opened_at, 'ticket', '{}' FROM verifications;
INSERT INTO desk_entries (kind, at, actor, verification_id, fields)
SELECT 'details opened', opened_at, 'agent:' || agent_id, id, '{}' FROM verifications WHERE number_tail % 5 = 0
"""
FILLED = "('verifications', 'events', 'desk_entries')"
INDEXES = {
    "sqlite": f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> '' AND tbl_name IN {FILLED}",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    f" AND tablename IN {FILLED} AND indexname NOT IN (SELECT conname FROM pg_constraint)",
}
COPY = """
INSERT INTO verifications ({names})
WITH RECURSIVE many(n) AS (SELECT CAST(:first AS BIGINT) UNION ALL SELECT n + 1 FROM many WHERE n < :last)
SELECT {values} FROM many JOIN bench_people AS who ON who.number = n % :people + 1, verifications AS one
WHERE one.id = :one
"""
SPEECH = {
    "sqlite": {
        "padded": "printf('%010d', n)",
        "day": "substr(opened_at, 1, 10)",
        "at": "strftime('%Y-%m-%d %H:%M:%S', :since + n * :step, 'unixepoch') || '.000000'",
    },
    "postgresql": {
        "padded": "lpad(n::text, 10, '0')",
        "day": "to_char(opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
        "at": "to_timestamp(:since + n * :step)",
    },
}


def people() -> list[tuple[str, str]]:
    """Give 36,000 requesters, name and e-mail."""
    parts = [names.split() for names in _NAMES.values()]
    named = [f"{first} {second} {stem}{end}" for first, second, stem, end in product(*parts)]
    return [(name, f"{name.casefold().replace(' ', '.')}@northwind.example") for name in named]


def known(rows: int) -> list[tuple[str, str]]:
    """Give the requesters of that many verifications: five for each or more."""
    everybody = people()
    return everybody[:: max(1, len(everybody) * 5 // rows)]


def fill(opened: Opened, sample: Verification, rows: int) -> None:
    """Write that many rows, the newest one a minute old, a year of them in all."""
    one = opened.store.save(sample, Change())
    everybody = known(rows)
    with opened.database.write() as connection:
        trigger, indexes = without_trigger(connection), _without_indexes(connection)
        connection.execute(insert(agents), [_agent(number) for number in range(AGENTS)])
        _put_people(connection, everybody, rows)
    for first in range(1, rows + 1, AT_ONCE):
        with opened.database.write() as connection:
            told = {
                "first": first,
                "last": min(rows, first + AT_ONCE - 1),
                "people": len(everybody),
                "one": one.id,
            }
            _copy(connection, told, rows)
    with opened.database.write() as connection:
        day = SPEECH[connection.dialect.name]["day"]
        connection.execute(day_sums.delete())
        for name, value in SUMS.items():
            connection.execute(text(SUMMED.format(name=name.partition(" ")[0], day=day, value=value)))
        for statement in LOGGED.split(";"):
            connection.execute(text(statement))
        connection.execute(text("DROP TABLE bench_people"))
        for statement in (*indexes, trigger, "ANALYZE"):
            connection.execute(text(statement))
    vacuumed(opened.database)


def vacuumed(database: Database) -> None:
    """Leave PostgreSQL's table as autovacuum does by the table's own settings, which it would within minutes."""
    if database.dialect == "postgresql":
        with database.read() as connection:  # where no transaction is
            connection.execute(text("VACUUM verifications"))


def without_trigger(connection: Connection) -> str:
    """Take away what sums up each new row, for minutes where there are millions; gives how to put it back."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("ALTER TABLE verifications DISABLE TRIGGER USER"))
        return "ALTER TABLE verifications ENABLE TRIGGER USER"
    name = "verifications_are_summed_insert"
    made = connection.execute(text(f"SELECT sql FROM sqlite_master WHERE name = '{name}'")).scalar_one()
    connection.execute(text(f"DROP TRIGGER {name}"))
    return str(made)


def _without_indexes(connection: Connection) -> list[str]:
    """Drop the indexes of the tables that are filled; gives how to make them again, at once and so much faster."""
    found = connection.execute(text(INDEXES[connection.dialect.name])).all()
    for name, _ in found:
        connection.execute(text(f"DROP INDEX {name}"))
    return [str(made) for _, made in found]


def _agent(number: int) -> dict[str, Any]:
    login = f"agent{number}"
    return row_of(Agent(f"AG-{number}", login, f"Agent {number}")) | {"login_folded": login}


def _put_people(connection: Connection, everybody: list[tuple[str, str]], rows: int) -> None:
    each = max(1, rows // len(everybody))
    connection.execute(text("CREATE TABLE bench_people (number INTEGER PRIMARY KEY, name TEXT, email TEXT)"))
    connection.execute(requester_parts.delete())
    connection.execute(requesters.delete())
    put = text("INSERT INTO bench_people VALUES (:number, :name, :email)")
    for first in range(0, len(everybody), PEOPLE_AT_ONCE):
        who = list(enumerate(everybody[first : first + PEOPLE_AT_ONCE], first + 1))
        words = [(number, searched_words(*one)) for number, one in who]
        connection.execute(insert(requesters), [{"number": n, "words": w, "times": each} for n, w in words])
        parts = [{"part": part, "requester_number": n} for n, w in words for part in sorted(parts_of(w))]
        connection.execute(insert(requester_parts), parts)
        connection.execute(put, [{"number": n, "name": name, "email": email} for n, (name, email) in who])


def _copy(connection: Connection, told: dict[str, Any], rows: int) -> None:
    speech = SPEECH[connection.dialect.name]
    names = connection.execute(text("SELECT * FROM verifications LIMIT 0")).keys()
    values = (CHANGED[name].format(**speech) if name in CHANGED else f'one."{name}"' for name in names)
    now, year = int(datetime.now(UTC).timestamp()) - 60, 365 * 86_400
    step = max(1, year // rows)
    more = {"since": now - rows * step, "step": step}
    written = COPY.format(names=", ".join(f'"{name}"' for name in names), values=", ".join(values))
    connection.execute(text(written), told | more)
