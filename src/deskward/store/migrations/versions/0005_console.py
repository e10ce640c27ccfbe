"""The console: the table's filters in indexes, and requesters in a small table that is searched by parts."""

import re
import unicodedata
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NEWEST = ["opened_at", "id"]
LISTED = ["status", "risk_level", "risk_score", "category", "agent_id", "requester_number"]
LABELS = {
    "passed": "Passed",
    "acting": "Passed",
    "done": "Passed",
    "failed": "Failed",
    "disputed": "Failed",
    "timed_out": "Timed Out",
    "cancelled": "Cancelled",
}
LABELS_OF_BOTH = {
    ("opened", "unable"): "Cannot be sent",
    ("failed", "not_enough_questions"): "Not Enough Questions",
    ("passed", "failed"): "Failed",
    ("done", "failed"): "Failed",
}
AT_ONCE = 1_000


def upgrade() -> None:
    _tables()
    for column in (
        sa.Column("status", sa.Text(), nullable=False, server_default=""),
        sa.Column("requester_number", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("number_tail", sa.BigInteger(), nullable=True),
    ):
        op.add_column("verifications", column)
        if op.get_bind().dialect.name == "postgresql":
            op.alter_column("verifications", column.name, server_default=None)
    _fill(op.get_bind())
    op.drop_column("verifications", "search_text")
    op.drop_index("ix_verifications_newest", "verifications")
    op.create_index("ix_verifications_newest", "verifications", NEWEST + LISTED)
    for name in ("status", "risk_level", "category", "agent_id"):
        rest = [other for other in LISTED if other != name]
        op.create_index(f"ix_verifications_{name}", "verifications", [name, *NEWEST, *rest])
    op.create_index("ix_verifications_requester", "verifications", ["requester_number", *NEWEST])
    op.create_index("ix_verifications_number", "verifications", ["number_tail"])


def downgrade() -> None:
    for name in ("status", "risk_level", "category", "agent_id", "requester", "number", "newest"):
        op.drop_index(f"ix_verifications_{name}", "verifications")
    op.create_index("ix_verifications_newest", "verifications", NEWEST)
    op.add_column("verifications", sa.Column("search_text", sa.Text(), nullable=False, server_default=""))
    op.execute(
        "UPDATE verifications SET search_text = lower("
        "ticket_number || ' ' || requester_name || ' ' || requester_email || ' ' || ticket_id || ' ' || id)"
    )
    for name in ("number_tail", "requester_number", "status"):
        op.drop_column("verifications", name)
    op.drop_table("requester_parts")
    op.drop_table("requesters")


def _tables() -> None:
    op.create_table(
        "requesters",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_requesters"),
    )
    op.create_index("uq_requesters_words", "requesters", ["words"], unique=True)
    op.create_table(
        "requester_parts",
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("requester_number", NUMBER, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("part", "requester_number", name="pk_requester_parts"),
        sqlite_with_rowid=False,
    )


def _fill(connection: sa.Connection) -> None:
    """Say of every row what it is found by; one pass, AT_ONCE rows at a time."""
    times: dict[str, int] = {}
    numbers: dict[str, int] = {}
    put = sa.text(
        "UPDATE verifications SET status = :status, number_tail = :tail, requester_number = :number WHERE id = :id"
    )
    for rows in _portions(connection):
        filled = []
        for row in rows:
            words = _words(row.requester_name, row.requester_email)
            number = numbers.setdefault(words, len(numbers) + 1)
            times[words] = times.get(words, 0) + 1
            label = LABELS_OF_BOTH.get((row.state, row.outcome)) or LABELS.get(row.state, "In progress")
            filled.append({"id": row.id, "status": label, "tail": _tail(row.ticket_number), "number": number})
        connection.execute(put, filled)
    _put_requesters(connection, times, numbers)


def _portions(connection: sa.Connection) -> Iterator[list[sa.Row[tuple[str, ...]]]]:
    portion = sa.text(
        "SELECT id, state, outcome, ticket_number, requester_name, requester_email FROM verifications"
        " WHERE id > :last ORDER BY id LIMIT :most"
    )
    last = ""
    while rows := list(connection.execute(portion, {"last": last, "most": AT_ONCE})):
        yield rows
        last = rows[-1].id


def _put_requesters(connection: sa.Connection, times: dict[str, int], numbers: dict[str, int]) -> None:
    put = sa.text("INSERT INTO requesters (number, words, times) VALUES (:number, :words, :times)")
    put_part = sa.text("INSERT INTO requester_parts (part, requester_number) VALUES (:part, :number)")
    for words, number in numbers.items():
        connection.execute(put, {"number": number, "words": words, "times": times[words]})
        parts = {f" {word}"[n : n + 3] for word in words.split() for n in range(len(word) - 1)}
        if parts:
            connection.execute(put_part, [{"part": part, "number": number} for part in sorted(parts)])
    if connection.dialect.name == "postgresql" and numbers:
        connection.execute(sa.text("SELECT setval('requesters_number_seq', :last)"), {"last": len(numbers)})


def _words(name: str, email: str) -> str:
    bare = unicodedata.normalize("NFKD", f"{name} {email}")
    folded = "".join(c for c in bare if not unicodedata.combining(c)).casefold()
    return "".join(f" {word}" for word in folded.split())[:400]


def _tail(number: str) -> int | None:
    found = re.search(r"([0-9]+)[^0-9]*$", number)
    return int(found[1]) if found and len(found[1]) <= 18 else None  # noqa: PLR2004 - fits 64 bits
