"""Retention: entries of the audit log outlive their verification, and what is too old is found by indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TIME = sa.DateTime(timezone=True)
ENDED = sa.text("ended_at IS NOT NULL")
HANGING = ("grants", "fences", "enrolments")
LINK = "fk_events_verifications"
# An event may go only after its verification went, whatever asks for it.
YOUNG = "NOT EXISTS (SELECT 1 FROM deleted_verifications WHERE id = OLD.verification_id)"
REFUSED = "SELECT RAISE(ABORT, 'events are append only')"
KEPT = """
    CREATE TRIGGER events_are_kept BEFORE {changes} ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_kept()"""


def upgrade() -> None:
    # On SQLite this writes the table anew, which is the only way there, and takes its triggers with it.
    with op.batch_alter_table("events") as events:
        events.drop_constraint(LINK, type_="foreignkey")
    op.create_index(
        "ix_verifications_ended", "verifications", ["ended_at"], sqlite_where=ENDED, postgresql_where=ENDED
    )
    for table in HANGING:
        op.create_index(f"ix_{table}_verification", table, ["verification_id"])
    op.create_table(
        "deleted_verifications",
        *(sa.Column(n, sa.Text(), nullable=False) for n in ("id", "ticket_number", "directory", "subject_id")),
        *(sa.Column(n, TIME, nullable=False) for n in ("ended_at", "deleted_at", "last_entry_at")),
        sa.Column("number_tail", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deleted_verifications"),
    )
    op.create_index("ix_deleted_verifications_number", "deleted_verifications", ["number_tail"])
    op.create_index("ix_deleted_verifications_last", "deleted_verifications", ["last_entry_at"])
    if op.get_bind().dialect.name == "postgresql":
        _let_go_on_postgresql()
    else:
        op.execute(f"CREATE TRIGGER events_are_kept_update BEFORE UPDATE ON events BEGIN {REFUSED}; END")
        op.execute(
            f"CREATE TRIGGER events_are_kept_delete BEFORE DELETE ON events WHEN {YOUNG} BEGIN {REFUSED}; END"
        )


def downgrade() -> None:
    """Go back to entries that need their verification: those of deleted ones are lost."""
    op.execute("DELETE FROM events WHERE verification_id IN (SELECT id FROM deleted_verifications)")
    grown = op.get_bind().dialect.name == "postgresql"
    if grown:
        op.execute("DROP FUNCTION events_outlive_results CASCADE")
        op.execute("DROP TRIGGER events_are_kept ON events")
        op.execute(KEPT.format(changes="UPDATE OR DELETE OR TRUNCATE"))
    else:
        # Or the table of the deleted could not go, which it names.
        op.execute("DROP TRIGGER events_are_kept_delete")
    op.drop_table("deleted_verifications")
    for table in HANGING:
        op.drop_index(f"ix_{table}_verification", table)
    op.drop_index("ix_verifications_ended", "verifications")
    with op.batch_alter_table("events") as events:
        events.create_foreign_key(LINK, "verifications", ["verification_id"], ["id"])
    if not grown:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER events_are_kept_{change.lower()} BEFORE {change} ON events BEGIN {REFUSED}; END"
            )


def _let_go_on_postgresql() -> None:
    op.execute("DROP TRIGGER events_are_kept ON events")
    op.execute(KEPT.format(changes="UPDATE OR TRUNCATE"))
    op.execute(f"""
        CREATE FUNCTION events_outlive_results() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF {YOUNG} THEN RAISE EXCEPTION 'events are append only'; END IF;
          RETURN OLD;
        END $$""")
    op.execute("""
        CREATE TRIGGER events_outlive_results BEFORE DELETE ON events
        FOR EACH ROW EXECUTE FUNCTION events_outlive_results()""")
