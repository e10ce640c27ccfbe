"""Single sign-on and sessions: who somebody is at the provider, where a session was begun, who invited."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

COLUMNS = (
    ("agents", "issuer"),
    ("agents", "subject"),
    ("web_sessions", "browser"),
    ("web_sessions", "origin"),
    ("invitations", "made_by"),
)


def upgrade() -> None:
    for table, name in COLUMNS:
        op.add_column(table, sa.Column(name, sa.Text(), nullable=False, server_default=""))
        _without_default(table, name)
    op.add_column(
        "web_sessions", sa.Column("by_provider", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    _without_default("web_sessions", "by_provider")
    filled = sa.text("subject <> ''")
    op.create_index(
        "uq_agents_subject",
        "agents",
        ["issuer", "subject"],
        unique=True,
        postgresql_where=filled,
        sqlite_where=filled,
    )


def downgrade() -> None:
    op.drop_index("uq_agents_subject", "agents")
    op.drop_column("web_sessions", "by_provider")
    for table, name in reversed(COLUMNS):
        op.drop_column(table, name)


def _without_default(table: str, name: str) -> None:
    """Let go of the default that the rows that are there needed; SQLite cannot."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(table, name, server_default=None)
