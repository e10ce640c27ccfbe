"""Integrations: how they stand, tests asked for at the desk, looks at test notes, and webhook addresses."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TIME = sa.DateTime(timezone=True)
RUNNING, IN_USE = sa.text("done_at IS NULL"), sa.text("ends_at IS NULL")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _time(name: str, *, needed: bool = False) -> sa.Column[object]:
    return sa.Column(name, TIME, nullable=not needed)


def _single(name: str, table: str, column: str, where: sa.TextClause) -> None:
    op.create_index(name, table, [column], unique=True, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    op.create_table(
        "pulses",
        *(_text("integration"), _time("succeeded_at"), _time("failed_at"), _text("error")),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("integration", name="pk_pulses"),
    )
    op.create_table(
        "checkups",
        *(
            _text("id"),
            _text("integration"),
            _time("asked_at", needed=True),
            _text("asked_by"),
            _text("ticket_id"),
        ),
        *(_time("begun_at"), _time("done_at"), sa.Column("checks", sa.JSON(), nullable=False)),
        sa.PrimaryKeyConstraint("id", name="pk_checkups"),
    )
    op.create_index("ix_checkups_integration", "checkups", ["integration", "asked_at"])
    _single("uq_checkups_running", "checkups", "integration", RUNNING)
    op.create_table(
        "note_looks",
        *(_text("id"), _text("connector"), _text("way"), _text("ticket_id"), _text("text")),
        *(_time("written_at", needed=True), _text("written_by"), _time("looked_at"), _text("looked_by")),
        sa.Column("hidden", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_note_looks"),
    )
    op.create_index("ix_note_looks_connector", "note_looks", ["connector", "written_at"])
    op.create_table(
        "path_tokens",
        *(_text("digest"), _text("connector"), _time("made_at", needed=True), _text("made_by"), _time("ends_at")),
        sa.PrimaryKeyConstraint("digest", name="pk_path_tokens"),
    )
    _single("uq_path_tokens_in_use", "path_tokens", "connector", IN_USE)


def downgrade() -> None:
    for table in ("pulses", "checkups", "note_looks", "path_tokens"):
        op.drop_table(table)
