"""The people of an agent lie in the index itself: PostgreSQL counts them without a visit to each row."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

INDEX, SEEN = "ix_verifications_seen_agent", sa.text("looked_at IS NOT NULL")


def upgrade() -> None:
    _indexed("agent_id", "looked_at", "directory", "subject_id")


def downgrade() -> None:
    _indexed("agent_id", "looked_at")


def _indexed(*columns: str) -> None:
    op.drop_index(INDEX, "verifications")
    op.create_index(INDEX, "verifications", list(columns), sqlite_where=SEEN, postgresql_where=SEEN)
