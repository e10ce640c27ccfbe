"""What an assessment counts lies in the indexes themselves: no row of a visit is read for it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

INDEXES = {
    "seen_person": (("directory", "subject_id", "looked_at"), ("id", "teaches"), "teaches"),
    "seen_own_device": (
        ("directory", "subject_id", "seen_device"),
        ("id", "teaches"),
        "teaches AND seen_device <> ''",
    ),
    "seen_agent": (("agent_id", "looked_at"), ("directory", "subject_id"), "looked_at IS NOT NULL"),
}


def upgrade() -> None:
    for name, (columns, more, where) in INDEXES.items():
        _made_anew(name, (*columns, *more), where)


def downgrade() -> None:
    for name, (columns, _, where) in INDEXES.items():
        _made_anew(name, columns, where)


def _made_anew(name: str, columns: tuple[str, ...], where: str) -> None:
    index, which = f"ix_verifications_{name}", sa.text(where)
    op.drop_index(index, "verifications")
    op.create_index(index, "verifications", list(columns), sqlite_where=which, postgresql_where=which)
