"""Own device: a person's visits with one device are found without reading the person's others."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NAME = "ix_verifications_seen_own_device"
WHERE = sa.text("teaches AND seen_device <> ''")


def upgrade() -> None:
    columns = ["directory", "subject_id", "seen_device"]
    op.create_index(NAME, "verifications", columns, sqlite_where=WHERE, postgresql_where=WHERE)


def downgrade() -> None:
    op.drop_index(NAME, "verifications")
