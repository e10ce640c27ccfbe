"""Conditions of the partial indexes, in their very words: only then SQLite sees that it may use them."""

import re
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BindParameter,
    Column,
    ColumnElement,
    Text,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.types import TypeEngine

from deskward.store.columns import JsonText

_ESCAPE = "/"

# Without a type, because SQLAlchemy writes a Boolean as “… = 1” there.
IS_OPEN: ColumnElement[bool] = literal_column("verifications.is_open")
TEACHES: ColumnElement[bool] = literal_column("teaches")  # of whatever name the table has there
HAS_RAW: ColumnElement[bool] = literal_column("verifications.has_raw")
UNTAUGHT: ColumnElement[bool] = literal_column("verifications.teaches <> verifications.taught")


def is_filled(column: Column[Any]) -> ColumnElement[bool]:
    """Tell that a text column is not empty."""
    return column != literal_column("''")


def ends_in(column: Column[Any], tail: Any) -> ColumnElement[bool]:
    """Tell that a number's last digits are these, or that it has none, so that both databases use the index."""
    found: ColumnElement[bool] = column.is_(None) if tail is None else column == tail
    return found


def holds(column: ColumnElement[str], told: str) -> ColumnElement[bool]:
    """Tell that a text holds another one, which is told by this name and `escaped`."""
    return column.contains(bindparam(told, type_=Text), escape=_ESCAPE)


def escaped(text: str) -> str:
    """Take their meaning from the signs that stand for any letters where a text is looked for."""
    return re.sub(f"[%_{_ESCAPE}]", rf"{_ESCAPE}\g<0>", text)


def several(told: str, kind: TypeEngine[Any]) -> BindParameter[Any]:
    """Tell values of a kind as one, thousands at the cost of one: an array on PostgreSQL, JSON on SQLite."""
    return bindparam(told, type_=JSON().with_variant(ARRAY(kind), "postgresql"))


def is_one_of(dialect: str, looked_at: ColumnElement[Any], told: str) -> ColumnElement[bool]:
    """Tell that a column has one of several values, which are told by this name."""
    values = several(told, looked_at.type)
    if dialect == "postgresql":
        return looked_at == any_(values)
    return _is_in(looked_at, values)


def _is_in(looked_at: ColumnElement[Any], values: BindParameter[Any]) -> ColumnElement[bool]:
    listed = func.json_each(values).table_valued(column("value", looked_at.type))
    return looked_at.in_(select(listed.c.value))


def is_listed(dialect: str, looked_at: ColumnElement[str], told: str) -> ColumnElement[bool]:
    """Tell that a text is one of a few, which are told by this name as JSON: an array costs psycopg more."""
    values = bindparam(told, type_=JsonText())
    if dialect == "postgresql":
        return looked_at == any_(
            func.array(select(func.json_array_elements_text(values).label("r")).scalar_subquery())
        )
    return _is_in(looked_at, values)


def is_among(dialect: str, walked: ColumnElement[Any], told: str) -> ColumnElement[bool]:
    """Tell the same of rows that are found otherwise: looked up in a hash, so that each row costs the same."""
    if dialect == "postgresql":
        values = func.unnest(several(told, walked.type), type_=walked.type)
        return walked.in_(select(values)).is_(true())
    return is_one_of(dialect, walked, told)
