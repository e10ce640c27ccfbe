"""Vacuum: PostgreSQL marks the newest verifications as readable from their indexes alone, soon after they came."""

from alembic import op

revision = "0011"
down_revision = "0010"

# By PostgreSQL's own rule a fifth of the table has to change first: at ten million rows, two million.
OFTEN = {
    "autovacuum_vacuum_scale_factor": "0",
    "autovacuum_vacuum_threshold": "5000",
    "autovacuum_vacuum_insert_scale_factor": "0",
    "autovacuum_vacuum_insert_threshold": "5000",
}


def upgrade() -> None:
    told = ", ".join(f"{name} = {value}" for name, value in OFTEN.items())
    _alter(f"SET ({told})")


def downgrade() -> None:
    _alter(f"RESET ({', '.join(OFTEN)})")


def _alter(change: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        # Sums that wait for the commit would hold the table.
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")
        op.execute(f"ALTER TABLE verifications {change}")
