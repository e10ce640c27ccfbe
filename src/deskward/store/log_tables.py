"""The tables about the logs of directories."""

from sqlalchemy import Index, Table

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
