"""Threat level: whether it is raised, by whom, why and until when."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

TIME = sa.DateTime(timezone=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "threat_level",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("raised_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        *(_text("raiser_id"), _text("raised_by"), _text("reason"), _text("asker_id"), _text("asked_by")),
        sa.Column("lowered_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_threat_level"),
    )


def downgrade() -> None:
    op.drop_table("threat_level")
