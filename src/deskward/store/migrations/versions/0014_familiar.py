"""Familiarity on SQLite: counts lie in the key itself, so that a look-up reads one tree instead of two."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    _written_anew(with_rowid=False)


def downgrade() -> None:
    _written_anew(with_rowid=True)


def _written_anew(*, with_rowid: bool) -> None:
    if op.get_bind().dialect.name == "sqlite":
        how = {"sqlite_with_rowid": with_rowid}
        with op.batch_alter_table("familiar", recreate="always", table_kwargs=how):
            pass
