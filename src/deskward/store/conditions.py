"""Conditions of the partial indexes, in their very words: only then SQLite sees that it may use them."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, any_, bindparam, column, func, literal_column, select, true

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


def is_one_of(dialect: str, looked_at: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Tell that a column has one of many values, which go as one parameter: thousands cost as little as one."""
    if dialect == "postgresql":
        return looked_at == any_(_array(looked_at, values))
    listed = func.json_each(json.dumps(list(values))).table_valued(column("value", looked_at.type))
    return looked_at.in_(select(listed.c.value))


def is_among(dialect: str, walked: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Tell the same of rows that are found otherwise: looked up in a hash, so that each row costs the same."""
    if dialect == "postgresql":
        return walked.in_(select(func.unnest(_array(walked, values)))).is_(true())
    return is_one_of(dialect, walked, values)


def _array(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[Any]:
    return bindparam(None, list(values), type_=ARRAY(column.type))
