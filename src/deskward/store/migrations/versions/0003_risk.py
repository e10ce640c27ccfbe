"""Risk: what signals saw, sightings of earlier visits, and the counters of familiarity."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ADDED = (
    "consent",
    "observed",
    "surroundings",
    "looked_at",
    "standing",
    "shadow",
    "mark",
    "marked_by",
    "marked_at",
)


def upgrade() -> None:
    _columns()
    op.create_table(
        "sightings",
        sa.Column("verification_id", sa.Text(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("asn", sa.Integer(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("radius_km", sa.Float(), nullable=True),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["verification_id"], ["verifications.id"], name="fk_sightings_verifications"),
        sa.PrimaryKeyConstraint("verification_id", name="pk_sightings"),
    )
    op.create_index("ix_sightings_person", "sightings", ["directory", "subject_id", "at"])
    op.create_index("ix_sightings_address", "sightings", ["address", "at"])
    op.create_index("ix_sightings_agent", "sightings", ["agent_id", "at"])
    op.create_index(
        "ix_sightings_device",
        "sightings",
        ["device", "at"],
        sqlite_where=sa.text("device <> ''"),
        postgresql_where=sa.text("device <> ''"),
    )
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


def downgrade() -> None:
    op.drop_table("familiar")
    op.drop_table("sightings")
    op.drop_index("ix_verifications_looked", "verifications")
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
    _added(sa.Column("standing", sa.JSON(), nullable=False, server_default="{}"))
    _added(sa.Column("shadow", sa.JSON(), nullable=False, server_default="{}"))
    _added(sa.Column("mark", sa.Text(), nullable=False, server_default=""))
    _added(sa.Column("marked_by", sa.Text(), nullable=False, server_default=""))
    op.add_column("verifications", sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_verifications_looked",
        "verifications",
        ["looked_at"],
        sqlite_where=sa.text("looked_at IS NOT NULL"),
        postgresql_where=sa.text("looked_at IS NOT NULL"),
    )
    op.add_column("verifications", sa.Column("marked_at", sa.DateTime(timezone=True), nullable=True))
