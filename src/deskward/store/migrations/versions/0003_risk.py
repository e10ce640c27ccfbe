"""Risk: what signals saw, what is remembered of a visit, counters of familiarity, how far logs are read."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ADDED = (
    "consent",
    "observed",
    "surroundings",
    "sighting",
    "looked_at",
    "standing",
    "shadow",
    "mark",
    "marked_by",
    "marked_at",
    "link_kind",
    "link_way",
    "seen_address",
    "seen_device",
    "has_raw",
    "teaches",
    "taught",
)
PARTIAL = {
    "ix_verifications_seen_person": (["directory", "subject_id", "looked_at"], "teaches"),
    "ix_verifications_seen_address": (["seen_address", "looked_at"], "seen_address <> ''"),
    "ix_verifications_seen_device": (["seen_device", "looked_at"], "seen_device <> ''"),
    "ix_verifications_seen_agent": (["agent_id", "looked_at"], "looked_at IS NOT NULL"),
    "ix_verifications_seen": (["looked_at"], "seen_address <> ''"),
    "ix_verifications_raw": (["looked_at"], "has_raw"),
    "ix_verifications_lessons": (["looked_at"], "teaches <> taught"),
}


def upgrade() -> None:
    _columns()
    for name, (columns, where) in PARTIAL.items():
        chosen = sa.text(where)
        op.create_index(name, "verifications", columns, sqlite_where=chosen, postgresql_where=chosen)
    op.create_table(
        "familiar",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("feature", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "feature", "value", "month", name="pk_familiar"),
    )
    op.create_index("ix_familiar_month", "familiar", ["month"])
    op.create_table(
        "sign_in_marks",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("read_to", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("log", name="pk_sign_in_marks"),
    )


def downgrade() -> None:
    op.drop_table("sign_in_marks")
    op.drop_table("familiar")
    for name in PARTIAL:
        op.drop_index(name, "verifications")
    for name in ADDED:
        op.drop_column("verifications", name)


def _added(column: sa.Column[object]) -> None:
    """Add a column to rows that are there; only PostgreSQL can let go of the default afterwards."""
    op.add_column("verifications", column)
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("verifications", column.name, server_default=None)


def _columns() -> None:
    _added(sa.Column("consent", sa.Text(), nullable=False, server_default=""))
    _added(sa.Column("observed", sa.JSON(), nullable=False, server_default="[]"))
    _added(sa.Column("surroundings", sa.JSON(), nullable=False, server_default="{}"))
    _added(sa.Column("sighting", sa.JSON(), nullable=False, server_default="{}"))
    _added(sa.Column("standing", sa.JSON(), nullable=False, server_default="{}"))
    _added(sa.Column("shadow", sa.JSON(), nullable=False, server_default="{}"))
    _added(sa.Column("mark", sa.Text(), nullable=False, server_default=""))
    _added(sa.Column("marked_by", sa.Text(), nullable=False, server_default=""))
    for name in ("link_kind", "link_way", "seen_address", "seen_device"):
        _added(sa.Column(name, sa.Text(), nullable=False, server_default=""))
    for name in ("has_raw", "teaches", "taught"):
        _added(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    # What was under way before knows its way in its sendings only.
    op.execute("UPDATE verifications SET link_way = 'sent before the upgrade' WHERE sending_id <> ''")
    op.add_column("verifications", sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("verifications", sa.Column("marked_at", sa.DateTime(timezone=True), nullable=True))
