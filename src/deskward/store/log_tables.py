"""The tables about logs: what those of directories tell, and what the audit log needs of what was deleted."""

from sqlalchemy import BigInteger, Column, Index, Table

from deskward.core.audit import Deleted
from deskward.core.resets import LoggedReset
from deskward.store.columns import columns_of
from deskward.store.tables import metadata, partial

resets = Table(
    "resets",
    metadata,
    *columns_of(LoggedReset, key=("id",)),
    Index("uq_resets_event", "directory", "event_id", unique=True),
    Index("ix_resets_at", "directory", "at"),
    partial("ix_resets_incidents", "at", where="explained_by = ''"),
)

deleted_verifications = Table(
    "deleted_verifications",
    metadata,
    *columns_of(Deleted, key=("id",)),
    Column("number_tail", BigInteger, nullable=True),
    Index("ix_deleted_verifications_number", "number_tail"),
    Index("ix_deleted_verifications_last", "last_entry_at"),
)
