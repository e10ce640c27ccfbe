"""Break-glass: who asked for it, confirmed, refused and reviewed it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("verifications", sa.Column("glass", sa.JSON(), nullable=False, server_default="[]"))
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("verifications", "glass", server_default=None)


def downgrade() -> None:
    op.drop_column("verifications", "glass")
