"""Proof: roles, authenticators, addresses with provenance, vouches, fences and enrolments."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _columns()
    _addresses()
    _authenticators()
    _enrolments()
    _invitations()
    _fences()
    _vouches()


def downgrade() -> None:
    op.drop_table("vouches")
    op.drop_table("fences")
    op.drop_table("invitations")
    op.drop_table("enrolments")
    op.drop_table("authenticators")
    op.drop_table("addresses")
    op.drop_index("uq_sendings_token", "sendings")
    op.drop_index("ix_sendings_root", "sendings")
    op.drop_column("web_sessions", "proven_at")
    op.drop_column("verifications", "hold_until")
    op.drop_column("verifications", "approved_at")
    op.drop_column("verifications", "approver_name")
    op.drop_column("verifications", "approver_id")
    op.drop_column("verifications", "exception")
    op.drop_column("verifications", "signalled")
    op.drop_column("verifications", "transcript")
    op.drop_column("verifications", "misses")
    op.drop_column("verifications", "tried")
    op.drop_column("verifications", "asks")
    op.drop_column("verifications", "asked")
    op.drop_column("sendings", "person_id")
    op.drop_column("sendings", "token_digest")
    op.drop_column("agents", "roles")


def _added(table: str, column: sa.Column[object]) -> None:
    """Add a column to rows that are there; only PostgreSQL can let go of the default afterwards."""
    op.add_column(table, column)
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(table, column.name, server_default=None)


def _columns() -> None:
    _added("agents", sa.Column("roles", sa.JSON(), nullable=False, server_default='["agent"]'))
    _added("sendings", sa.Column("token_digest", sa.Text(), nullable=False, server_default=""))
    _added("sendings", sa.Column("person_id", sa.Text(), nullable=False, server_default=""))
    _added("verifications", sa.Column("asked", sa.JSON(), nullable=False, server_default="{}"))
    _added("verifications", sa.Column("asks", sa.Integer(), nullable=False, server_default="0"))
    _added("verifications", sa.Column("tried", sa.JSON(), nullable=False, server_default="[]"))
    _added("verifications", sa.Column("misses", sa.JSON(), nullable=False, server_default="{}"))
    _added("verifications", sa.Column("transcript", sa.JSON(), nullable=False, server_default="[]"))
    _added("verifications", sa.Column("signalled", sa.JSON(), nullable=False, server_default="[]"))
    _added("verifications", sa.Column("exception", sa.Boolean(), nullable=False, server_default=sa.false()))
    _added("verifications", sa.Column("approver_id", sa.Text(), nullable=False, server_default=""))
    _added("verifications", sa.Column("approver_name", sa.Text(), nullable=False, server_default=""))
    op.add_column("verifications", sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("verifications", sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("web_sessions", sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_sendings_root", "sendings", ["root", "at"], unique=False)
    op.create_index(
        "uq_sendings_token",
        "sendings",
        ["token_digest"],
        unique=True,
        sqlite_where=sa.text("token_digest <> ''"),
        postgresql_where=sa.text("token_digest <> ''"),
    )


def _addresses() -> None:
    op.create_table(
        "addresses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("baseline", sa.Boolean(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_addresses")),
    )
    op.create_index("uq_addresses_person", "addresses", ["directory", "subject_id", "root"], unique=True)


def _authenticators() -> None:
    op.create_table(
        "authenticators",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.Column("ceiling", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authenticators")),
    )
    op.create_index("ix_authenticators_owner", "authenticators", ["owner", "kind"], unique=False)
    op.create_index(
        "uq_authenticators_ref",
        "authenticators",
        ["owner", "kind", "ref"],
        unique=True,
        sqlite_where=sa.text("ref <> ''"),
        postgresql_where=sa.text("ref <> ''"),
    )


def _enrolments() -> None:
    op.create_table(
        "enrolments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("ceiling", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("agent_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("approver_id", sa.Text(), nullable=False),
        sa.Column("verification_id", sa.Text(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
    )
    op.create_index("ix_enrolments_person", "enrolments", ["directory", "subject_id"], unique=False)
    op.create_index("uq_enrolments_token", "enrolments", ["token_digest"], unique=True)


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_invitations")),
    )


def _fences() -> None:
    op.create_table(
        "fences",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("verification_id", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("lifters", sa.JSON(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["verification_id"], ["verifications.id"], name=op.f("fk_fences_verifications")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fences")),
    )
    op.create_index("ix_fences_person", "fences", ["directory", "subject_id"], unique=False)


def _vouches() -> None:
    op.create_table(
        "vouches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("verification_id", sa.Text(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("voucher_id", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["verification_id"], ["verifications.id"], name=op.f("fk_vouches_verifications")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouches")),
    )
    op.create_index("ix_vouches_person", "vouches", ["directory", "subject_id"], unique=False)
    op.create_index("ix_vouches_verification", "vouches", ["verification_id"], unique=False)
