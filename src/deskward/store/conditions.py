"""Conditions of the partial indexes, in their very words: only then SQLite sees that it may use them."""

from typing import Any

from sqlalchemy import Column, ColumnElement, literal_column

# Without a type, because SQLAlchemy writes a Boolean as “… = 1” there.
IS_OPEN: ColumnElement[bool] = literal_column("verifications.is_open")
TEACHES: ColumnElement[bool] = literal_column("verifications.teaches")
HAS_RAW: ColumnElement[bool] = literal_column("verifications.has_raw")
UNTAUGHT: ColumnElement[bool] = literal_column("verifications.teaches <> verifications.taught")


def is_filled(column: Column[Any]) -> ColumnElement[bool]:
    """Tell that a text column is not empty."""
    return column != literal_column("''")


def ends_in(column: Column[Any], tail: int | None) -> ColumnElement[bool]:
    """Tell that a number's last digits are these, or that it has none, so that both databases use the index."""
    return column.is_(None) if tail is None else column == tail
