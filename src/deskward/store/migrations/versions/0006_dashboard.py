"""The dashboard: how far each verification came, daily sums of it, who needs a person; the desk's audit log."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NEWEST = ["opened_at", "id"]
LISTED = ["status", "risk_level", "risk_score", "category", "agent_id", "requester_number"]
LED = ("newest", "status", "risk_level", "category", "agent_id")
NEEDED = sa.text("need <> ''")
RESULTS = ("Passed", "Failed", "Not Enough Questions")
STEP = 1.1
AT_ONCE = 1_000
# What a row counts under, written for one of the two rows that a trigger sees.
NAMED = """
    SELECT 'level' AS name, {row}.risk_level AS value
    UNION ALL SELECT 'category', {row}.category
    UNION ALL SELECT 'agent', {row}.agent_id
    UNION ALL SELECT 'reached', {word} FROM {words} WHERE {word} <> ''
"""
ADD = "INSERT INTO day_sums (name, day, value, status, number)"
ADDED = "ON CONFLICT (name, day, value, status) DO UPDATE SET number = day_sums.number + excluded.number"
CHANGES = {
    "insert": ("INSERT", (("new", 1),)),
    "update": ("UPDATE OF status, risk_level, category, agent_id, reached", (("old", -1), ("new", 1))),
    "delete": ("DELETE", (("old", -1),)),
}
READ = (
    *("id", "opened_at", "decided_at", "started_at", "status", "risk_level", "category", "agent_id", "state"),
    *("outcome", "exception", "mark", "wrong_total", "misses", "tried", "proofs", "transcript"),
)


def upgrade() -> None:
    op.create_table(
        "day_sums",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "day", "value", "status")),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "day", "value", "status", name="pk_day_sums"),
        sqlite_with_rowid=False,
    )
    for name in ("reached", "need"):
        op.add_column("verifications", sa.Column(name, sa.Text(), nullable=False, server_default=""))
        if op.get_bind().dialect.name == "postgresql":
            op.alter_column("verifications", name, server_default=None)
    for name in LED:
        op.drop_index(f"ix_verifications_{name}", "verifications")
    _fill(op.get_bind())
    _index([*LISTED, "reached"])
    op.create_index(
        "ix_verifications_need", "verifications", ["need", *NEWEST], sqlite_where=NEEDED, postgresql_where=NEEDED
    )
    _keep_sums()
    _audit()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")
        op.execute("DROP FUNCTION verifications_are_summed CASCADE")
    else:
        for change in CHANGES:
            op.execute(f"DROP TRIGGER verifications_are_summed_{change}")
    op.drop_table("desk_entries")
    for name in ("newest", "kind", "actor"):
        op.drop_index(f"ix_events_{name}", "events")
    for name in (*LED, "need"):
        op.drop_index(f"ix_verifications_{name}", "verifications")
    op.drop_column("verifications", "need")
    op.drop_column("verifications", "reached")
    op.drop_table("day_sums")
    _index(LISTED)


def _index(listed: list[str]) -> None:
    for lead in LED:
        first = [] if lead == "newest" else [lead]
        rest = [name for name in listed if name != lead]
        op.create_index(f"ix_verifications_{lead}", "verifications", [*first, *NEWEST, *rest])


def _fill(connection: sa.Connection) -> None:
    """Say of every row how far it came, and count it; one pass, AT_ONCE rows at a time."""
    sums: Counter[tuple[str, str, str, str]] = Counter()
    put = sa.text("UPDATE verifications SET reached = :reached, need = :need WHERE id = :id")
    for rows in _portions(connection):
        filled = []
        for row in rows:
            words = list(dict.fromkeys(_reached(row)))
            filled.append({"id": row["id"], "reached": "|" + "".join(f"{w}|" for w in words), "need": _need(row)})
            named = [("level", row["risk_level"]), ("category", row["category"]), ("agent", row["agent_id"])]
            day = _time(row["opened_at"]).date().isoformat()
            sums.update(
                (name, day, value, row["status"]) for name, value in named + [("reached", w) for w in words]
            )
        connection.execute(put, filled)
    if sums:
        add = sa.text("INSERT INTO day_sums (name, day, value, status, number) VALUES (:a, :b, :c, :d, :n)")
        rows = [dict(zip("abcd", key, strict=True)) | {"n": number} for key, number in sorted(sums.items())]
        connection.execute(add, rows)


def _keep_sums() -> None:
    """Let the database move a row from its old sums to its new ones, in the transaction that changes it."""
    if op.get_bind().dialect.name == "postgresql":
        _keep_sums_on_postgresql()
        return
    words = """json_each('[' || replace(json_quote(trim({row}.reached, '|')), '|', '","') || ']') AS word"""
    for change, (when, moves) in CHANGES.items():
        steps = "".join(
            f"{ADD} SELECT name, substr({row}.opened_at, 1, 10), value, {row}.status, {by} FROM"
            f" ({NAMED.format(row=row, word='word.value', words=words.format(row=row))}) WHERE true {ADDED};"
            for row, by in moves
        )
        op.execute(
            f"CREATE TRIGGER verifications_are_summed_{change} AFTER {when} ON verifications BEGIN {steps} END"
        )


def _keep_sums_on_postgresql() -> None:
    """Do it at the commit and in one order of sums, so that savers wait shortly and never in a circle."""
    words = "unnest(string_to_array({row}.reached, '|')) AS word"
    moved = " UNION ALL ".join(
        f"SELECT name, to_char({row}.opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, value,"
        f" {row}.status AS status, {by} AS number FROM"
        f" ({NAMED.format(row=row, word='word', words=words.format(row=row))}) AS {row}_named WHERE {when}"
        for row, by, when in (("old", -1, "TG_OP <> 'INSERT'"), ("new", 1, "TG_OP <> 'DELETE'"))
    )
    op.execute(f"""
        CREATE FUNCTION verifications_are_summed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          {ADD}
          SELECT name, day, value, status, sum(number) FROM ({moved}) AS moved
          GROUP BY name, day, value, status HAVING sum(number) <> 0 ORDER BY name, day, value, status
          {ADDED};
          RETURN NULL;
        END $$""")
    op.execute(f"""
        CREATE CONSTRAINT TRIGGER verifications_are_summed
        AFTER {" OR ".join(when for when, _ in CHANGES.values())} ON verifications
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION verifications_are_summed()""")


def _portions(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    portion = sa.text(f"SELECT {', '.join(READ)} FROM verifications WHERE id > :last ORDER BY id LIMIT :most")
    last = ""
    while rows := [dict(row._mapping) for row in connection.execute(portion, {"last": last, "most": AT_ONCE})]:  # noqa: SLF001 - its documented way
        yield rows
        last = rows[-1]["id"]


def _need(row: dict[str, Any]) -> str:
    if row["state"] == "review":
        return "review"
    passed = row["exception"] and row["outcome"] == "passed" and row["state"] != "disputed"
    return "exception" if passed and not row["mark"] else ""


def _reached(row: dict[str, Any]) -> Iterator[str]:
    started, misses = bool(row["started_at"]), _read(row["misses"], {})
    if started:
        yield "started"
    if row["status"] in RESULTS:
        yield "completed"
        if row["decided_at"]:
            seconds = (_time(row["decided_at"]) - _time(row["opened_at"])).total_seconds()
            yield f"took-{round(math.log(max(1.0, seconds), STEP))}"
    graded = [one["grading"] for one in _read(row["transcript"], [])]
    right = {p["method"] for p in _read(row["proofs"], [])} - {"link and code", "questions"}
    right |= {"questions"} if graded and all(g == "correct" for g in graded) else set()
    right |= {"link"} if started else set()
    answered = {*misses, *_read(row["tried"], [])} | ({"questions"} if graded else set())
    answered |= {"link"} if row["wrong_total"] > sum(misses.values()) else set()
    yield from (f"{name}-answered" for name in sorted(answered | right))
    yield from (f"{name}-right" for name in sorted(right))


def _read(value: Any, empty: Any) -> Any:
    """Read a JSON column, which SQLite gives as text."""
    return (json.loads(value) if isinstance(value, str) else value) or empty


def _time(value: Any) -> datetime:
    """Read a time in UTC, which SQLite gives as text without a zone."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC)


def _audit() -> None:
    op.create_index("ix_events_newest", "events", ["at", "verification_id", "seq"])
    op.create_index("ix_events_kind", "events", ["kind", "at", "verification_id", "seq"])
    op.create_index("ix_events_actor", "events", ["actor", "at", "verification_id", "seq"])
    op.create_table(
        "desk_entries",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "actor", "verification_id")),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_desk_entries"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_desk_entries_newest", "desk_entries", ["at", "number"])
    op.create_index("ix_desk_entries_kind", "desk_entries", ["kind", "at", "number"])
    op.create_index("ix_desk_entries_actor", "desk_entries", ["actor", "at", "number"])
    op.create_index("ix_desk_entries_verification", "desk_entries", ["verification_id", "at", "number"])
