"""Resets: what the logs of directories told of, and which of it no grant explains."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TIME = sa.DateTime(timezone=True)
INCIDENT = sa.text("explained_by = ''")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "resets",
        *(_text("id"), _text("directory"), _text("event_id"), sa.Column("at", TIME, nullable=False)),
        *(_text("kind"), _text("subject_id"), _text("login"), _text("by")),
        *(sa.Column("seen_at", TIME, nullable=False), _text("explained_by")),
        *(sa.Column("reviewed_at", TIME, nullable=True), _text("reviewed_by"), _text("reason")),
        sa.PrimaryKeyConstraint("id", name="pk_resets"),
    )
    op.create_index("uq_resets_event", "resets", ["directory", "event_id"], unique=True)
    op.create_index("ix_resets_at", "resets", ["directory", "at"])
    op.create_index("ix_resets_incidents", "resets", ["at"], sqlite_where=INCIDENT, postgresql_where=INCIDENT)


def downgrade() -> None:
    op.drop_table("resets")
